#!/bin/sh
# Regenerates JetBrainsMono-subset.ttf, the one font of the canvas and of the page's monospace text.
#
#   apt-get install fonts-jetbrains-mono fonttools && web/canvas/assets/subset.sh
#
# Kept: ASCII and the signs that the views print; it is part of the first load, and every glyph counts. A character that is not in
# this list shows as an empty box on the canvas, so add it here first. Dropped: hinting (Dear ImGui does not use it)
# and every layout feature, because the ligatures would draw "->" and "!=" as something the kernel does not print.
# SOURCE_DATE_EPOCH keeps the file identical from run to run.
set -eu
cd "$(dirname "$0")"
font=${1:-/usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-Regular.ttf}

unicodes=U+0020-007E
unicodes=$unicodes,U+00A0,U+00B7,U+00D7,U+2013,U+2014,U+2018,U+2019,U+2026 # thousands space, · × – — quotes …
unicodes=$unicodes,U+2190-2193,U+2264,U+2265,U+2212                        # arrows ≤ ≥ −
unicodes=$unicodes,U+25A0,U+25B2,U+25B4,U+25B6,U+25B8,U+25BC,U+25BE,U+25C0,U+25C2,U+25CB,U+25CF
unicodes=$unicodes,U+2713,U+2717                                           # ✓ ✗

SOURCE_DATE_EPOCH=0 pyftsubset "$font" --unicodes="$unicodes" --layout-features= --no-hinting --desubroutinize --drop-tables+=GDEF,GPOS,GSUB \
  --no-recalc-timestamp --name-IDs=0,1,2,4,6,13,14 --output-file=JetBrainsMono-subset.ttf
