# Some hundred lines a second.
count=0
while :; do
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    count=$((count + 1))
    echo "line $count: the quick brown fox jumps over the lazy dog"
  done
  sleep 0.1
done
