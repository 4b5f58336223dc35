# Takes a moment until it works, as databases do.
echo "recovering"
sleep 3
echo "ready for connections"
exec sleep infinity
