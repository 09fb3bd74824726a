#!/bin/bash
# Stands for the program of its own name: calls it within a bound, and writes
# down its arguments, its status and its errors.
name=${0##*/}
if [ "$name" = sudo ]; then exec "$@"; fi
call=$(PATH=$REAL_PATH mktemp "$OBSERVED/$STATEMENT.call.XXXXXX")
real=$(PATH=$REAL_PATH command -v "$name")
node='^/api/v1/nodes/([^/]+)/proxy(/.*)$'
case $name in
kubectl)
  if [[ $# -eq 3 && "$1 $2" = "get --raw" && $3 =~ $node ]]; then
    path=${BASH_REMATCH[2]}
    port=$("$real" get node "${BASH_REMATCH[1]}" -o jsonpath='{.status.daemonEndpoints.kubeletEndpoint.Port}' 2>"$call") &&
      /usr/bin/timeout "$LIMIT" "$real" --server="https://127.0.0.1:$port" --certificate-authority="$KUBELET_CA" get --raw "$path" 2>"$call"
  else
    /usr/bin/timeout "$LIMIT" "$real" "$@" 2>"$call"
  fi
  ;;
xargs | timeout) "$real" "$@" 2>"$call" ;;
*) /usr/bin/timeout "$LIMIT" "$real" "$@" 2>"$call" ;;
esac
status=$?
/bin/cat "$call" >&2
printf '%s\0' "$status" "$name" "$@" >"$call.args"
exit "$status"
