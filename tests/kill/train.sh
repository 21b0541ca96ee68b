# A program whose values depend on all earlier ones: sh train.sh X K SEED
state=$SWEEP_CHECKPOINTS/state
set -- "$1" "$2" "$(($3 % 1000))" $(cat "$state" 2> /dev/null || echo 0 1)
epoch=$4 value=$5
while [ "$epoch" -lt 4 ]; do
    epoch=$((epoch + 1))
    value=$(awk "BEGIN { printf \"%.12f\", $value * (1 - $1 / 4) / $2 + $3 / (1000 + $epoch) }")
    sleep "${KILL_PAUSE_S:-0}"
    echo "$epoch $value" > "$state.new" && mv "$state.new" "$state"
    echo "epoch=$epoch loss=$value"
done
