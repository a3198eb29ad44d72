#!/bin/sh
# keep_map.sh MAP COMMAND...: runs a link and keeps the map that the linker prints. emcc passes --print-map on, but takes
# -Map=FILE for an option of its own and drops it.
map=$1
shift
exec "$@" >"$map"
