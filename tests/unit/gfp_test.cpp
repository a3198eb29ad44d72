#include "desc/gfp.hpp"
#include "mm/watermark.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

TEST_CASE("gfp: names, numbers and texts go both ways") {
  CHECK(parse_gfp("GFP_KERNEL") == 0xcc0u);
  CHECK(parse_gfp("GFP_KERNEL|__GFP_ZERO") == 0xdc0u);
  CHECK(parse_gfp(" 0xcc0 | __GFP_COMP ") == 0x40cc0u);
  CHECK(parse_gfp("GFP_ATOMIC") == 0xa20u);
  CHECK_FALSE(parse_gfp("GFP_KERNLE"));
  CHECK_FALSE(parse_gfp(""));
  CHECK_FALSE(parse_gfp("GFP_KERNEL|"));
  CHECK_FALSE(parse_gfp("0x1000000"));
  CHECK(gfp_text(0x140cca) == "GFP_HIGHUSER_MOVABLE|__GFP_COMP");
  CHECK(gfp_text(0xdc0) == "GFP_KERNEL|__GFP_ZERO");
  CHECK(gfp_text(0) == "0");
  for (u32 bit = 0; bit < 24; ++bit) CHECK(parse_gfp(gfp_text(1u << bit)) == 1u << bit);
}

TEST_CASE("gfp: the four zone bits choose the highest zone") {
  const std::array<u8, 16> t = gfp_zone_table(find_arch("x86_64")->zones);
  CHECK(t[0] == 2);
  CHECK(t[gfp::DMA] == 0);
  CHECK(t[gfp::DMA32] == 1);
  CHECK(t[gfp::HIGHMEM] == 2); // there is no HighMem on 64 bits
  CHECK(t[gfp::HIGHMEM | gfp::MOVABLE] == 3);
  CHECK(t[gfp::MOVABLE] == 2);
  CHECK(t[gfp::DMA | gfp::DMA32] == no_zone);
}

TEST_CASE("watermark: who may take how much") {
  const WatermarkInput z{.free = 1000, .mark = 800, .reserve = 100};
  CHECK(check_watermark(z, order_t{0}, alloc_flag::WMARK_MIN).ok());
  WatermarkInput at = z;
  at.free = 900; // must exceed mark and reserve, not meet them
  CHECK(check_watermark(at, order_t{0}, 0).verdict == WatermarkVerdict::low);
  CHECK(check_watermark(at, order_t{0}, 0).needed() == 901);
  // __GFP_HIGH halves the mark; who cannot wait either gets down to three eighths of it.
  at.free = 501;
  CHECK(check_watermark(at, order_t{0}, alloc_flag::MIN_RESERVE).ok());
  at.free = 401;
  CHECK_FALSE(check_watermark(at, order_t{0}, alloc_flag::MIN_RESERVE).ok());
  CHECK(check_watermark(at, order_t{0}, alloc_flag::MIN_RESERVE | alloc_flag::NON_BLOCK).ok());
  CHECK_FALSE(check_watermark(at, order_t{0}, alloc_flag::NON_BLOCK).ok());
  // The high-order atomic reserve and free CMA pages do not count for everybody.
  WatermarkInput kept = z;
  kept.nr_reserved_highatomic = 512;
  CHECK_FALSE(check_watermark(kept, order_t{0}, 0).ok());
  CHECK(check_watermark(kept, order_t{0}, alloc_flag::OOM).ok());
  kept = z;
  kept.free_cma = 512;
  CHECK_FALSE(check_watermark(kept, order_t{0}, 0).ok());
  CHECK(check_watermark(kept, order_t{0}, alloc_flag::CMA).ok());
  // Enough pages, but no block.
  WatermarkInput big = z;
  big.usable_orders = 1u << 2;
  CHECK(check_watermark(big, order_t{2}, 0).ok());
  CHECK(check_watermark(big, order_t{3}, 0).verdict == WatermarkVerdict::no_block);
}
