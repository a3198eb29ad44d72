#!/bin/sh
# Regenerates JetBrainsMono-subset.ttf, the one font of the canvas and of the page's monospace text.
#
#   apt-get install fonts-jetbrains-mono fonttools && web/canvas/assets/subset.sh
#
# Kept: ASCII, Latin-1, and the arrows, box drawing, blocks and signs that the views print. A character that is not in
# this list shows as an empty box on the canvas, so add it here first. Dropped: hinting (Dear ImGui does not use it)
# and every layout feature, because the ligatures would draw "->" and "!=" as something the kernel does not print.
# SOURCE_DATE_EPOCH keeps the file identical from run to run.
set -eu
cd "$(dirname "$0")"
font=${1:-/usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-Regular.ttf}

unicodes=U+0020-007E,U+00A0-00FF
unicodes=$unicodes,U+03A3,U+2013,U+2014,U+2018-201A,U+201C-201E,U+2020,U+2022,U+2026,U+2039,U+203A # Σ, dashes, quotes, …
unicodes=$unicodes,U+2190-2193,U+2194,U+2195,U+21E7,U+2303                                        # arrows, ⇧ ⌃
unicodes=$unicodes,U+2211,U+2212,U+221E,U+2248,U+2260,U+2264,U+2265                               # ∑ − ∞ ≈ ≠ ≤ ≥
unicodes=$unicodes,U+2500-2503,U+250C-2513,U+2514-251B,U+251C,U+2524,U+252C,U+2534,U+253C         # box drawing
unicodes=$unicodes,U+2580-2593,U+25A0,U+25A1,U+25B2,U+25B4,U+25B6,U+25B8,U+25BC,U+25BE,U+25C0,U+25C2,U+25CB,U+25CF
unicodes=$unicodes,U+2713,U+2714,U+2717,U+2718                                                    # ✓ ✗

SOURCE_DATE_EPOCH=0 pyftsubset "$font" --unicodes="$unicodes" --layout-features= --no-hinting --desubroutinize --drop-tables+=GDEF,GPOS,GSUB \
  --no-recalc-timestamp --name-IDs=0,1,2,4,6,13,14 --output-file=JetBrainsMono-subset.ttf
