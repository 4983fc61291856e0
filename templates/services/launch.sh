# Starts krayne's services in the background; whatever is wrong, the container goes on: this is done at once and succeeds.
# Arguments: the folder for all of it, then names and texts of the files in its bin: krayne's templates/services, where
# their comments are.
(
  umask 077
  folder=$1 && shift && mkdir -p "$folder" && [ -O "$folder" ] && [ ! -L "$folder" ] || exit # not another user's
  chmod 700 "$folder" && mkdir -p "$folder/bin" || exit
  exec >>"$folder/supervisor.log" 2>&1
  while [ $# -gt 1 ]; do
    printf '%s' "$2" >"$folder/bin/$1.$BASHPID" && mv "$folder/bin/$1.$BASHPID" "$folder/bin/$1" || exit
    shift 2
  done
  for python in python3 python; do
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' && exec "$python" -EsB "$folder/bin/supervisor.py"
  done
) </dev/null >/dev/null 2>&1 &
exit 0
