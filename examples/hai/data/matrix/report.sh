# Says what the platform told it: which node it is, of how many, and its environment.
echo "rank ${RANK} of ${WORLD_SIZE}: ${OPTIMISER:-none} at ${RATE:-0} (${NOTE:-no note}) $*"
