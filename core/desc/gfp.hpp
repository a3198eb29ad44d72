// gfp: what a request for pages says about itself, as bits (include/linux/gfp_types.h, gfp.h, v6.1).
//
//   GFP_KERNEL | __GFP_ZERO          may sleep, may start I/O, wants zeroed pages, from any zone up to Normal
//   0xdc0                            the same as 6.1 numbers it
//
// The bits are kept as 6.1 numbers them. A name's leading underscores go (C++ reserves them): __GFP_ZERO is
// gfp::ZERO, GFP_KERNEL is gfp::KERNEL. Text keeps the kernel's spelling.
//
//   std::optional<gfp_t> g = parse_gfp("GFP_KERNEL|__GFP_ZERO");   // or "0xdc0"
//   gfp_text(*g);                                                  // "GFP_KERNEL|__GFP_ZERO"
//   gfp_migratetype_index(*g);                                     // 0: unmovable
#pragma once
#include "base/types.hpp"
#include "desc/arch.hpp"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mmscope {

using gfp_t = u32;

namespace gfp {
inline constexpr gfp_t DMA = 0x01, HIGHMEM = 0x02, DMA32 = 0x04, MOVABLE = 0x08, RECLAIMABLE = 0x10, HIGH = 0x20,
                       IO = 0x40, FS = 0x80, ZERO = 0x100, ATOMIC_BIT = 0x200, DIRECT_RECLAIM = 0x400,
                       KSWAPD_RECLAIM = 0x800, WRITE = 0x1000, NOWARN = 0x2000, RETRY_MAYFAIL = 0x4000, NOFAIL = 0x8000,
                       NORETRY = 0x10000, MEMALLOC = 0x20000, COMP = 0x40000, NOMEMALLOC = 0x80000, HARDWALL = 0x100000,
                       THISNODE = 0x200000, ACCOUNT = 0x400000, ZEROTAGS = 0x800000;
inline constexpr gfp_t RECLAIM = DIRECT_RECLAIM | KSWAPD_RECLAIM;
inline constexpr gfp_t ATOMIC = HIGH | ATOMIC_BIT | KSWAPD_RECLAIM, KERNEL = RECLAIM | IO | FS,
                       KERNEL_ACCOUNT = KERNEL | ACCOUNT, NOWAIT = KSWAPD_RECLAIM, NOIO = RECLAIM, NOFS = RECLAIM | IO,
                       USER = KERNEL | HARDWALL, HIGHUSER = USER | HIGHMEM, HIGHUSER_MOVABLE = HIGHUSER | MOVABLE,
                       TRANSHUGE_LIGHT = (HIGHUSER_MOVABLE | COMP | NOMEMALLOC | NOWARN) & ~RECLAIM,
                       TRANSHUGE = TRANSHUGE_LIGHT | DIRECT_RECLAIM;
inline constexpr gfp_t all_bits = 0xffffff;
inline constexpr gfp_t zone_bits = DMA | HIGHMEM | DMA32 | MOVABLE;
} // namespace gfp

struct GfpName {
  std::string_view name; // "GFP_KERNEL", "__GFP_ZERO"
  gfp_t bits;
  std::string_view meaning; // one line, for completion and the sheet of a request
};
// Whole words (GFP_KERNEL …) first, the larger before the smaller, then single bits.
std::span<const GfpName> gfp_names();

// A number, or names joined by |; nullopt when a name is unknown, a bit does not exist or the text is empty.
std::optional<gfp_t> parse_gfp(std::string_view text);
std::string gfp_text(gfp_t g); // as a tracepoint prints it; "0" for none

// The four lowest bits as a table: the highest zone such a request may use, or none when the combination is not
// allowed. Index of the architecture's zones. (GFP_ZONE_TABLE, gfp_zone)
inline constexpr u8 no_zone = 0xff;
std::array<u8, 16> gfp_zone_table(std::span<const ZoneRow> zones);
// 0 unmovable, 1 movable, 2 reclaimable; 3 is not a request that can be made (gfp_migratetype).
constexpr unsigned gfp_migratetype_index(gfp_t g) { return (g & (gfp::MOVABLE | gfp::RECLAIMABLE)) >> 3; }

// How hard one attempt tries (mm/internal.h, v6.1). The two lowest bits are the watermark's index.
namespace alloc_flag {
inline constexpr u32 WMARK_MIN = 0, WMARK_LOW = 1, WMARK_HIGH = 2, WMARK_MASK = 3, NO_WATERMARKS = 0x4, OOM = 0x8,
                     NON_BLOCK = 0x10, MIN_RESERVE = 0x20, CPUSET = 0x40, CMA = 0x80, NOFRAGMENT = 0x100,
                     HIGHATOMIC = 0x200, KSWAPD = 0x800;
inline constexpr u32 RESERVES = NON_BLOCK | MIN_RESERVE | HIGHATOMIC | OOM;
} // namespace alloc_flag
std::string alloc_flags_text(u32 flags); // "WMARK_LOW|NOFRAGMENT|KSWAPD"

} // namespace mmscope
