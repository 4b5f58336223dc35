# Works for a while, then fails, as real ones do now and then.
count=0
while [ "$count" -lt 12 ]; do
  count=$((count + 1))
  echo "task $count done"
  sleep 1
done
echo "task 13 failed" >&2
exit 1
