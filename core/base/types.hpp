// The three quantities that kernels keep apart and people mix up: a physical
// address (bytes), a page frame number (pages) and an order (log2 of pages).
//
//   phys_addr_t 0x00000000'3fa31000 ──► pfn_t 0x3fa31      (>> page_shift)
//   order_t 3 = a block of 8 pages
//
// They are distinct types and do not convert into each other; crossing over is
// spelled out: `to_pfn_up(addr, shift)`, `to_phys(pfn, shift)`. Adding a plain
// count (bytes to an address, pages to a pfn) is allowed, and the difference of
// two of a kind is such a count. All ranges in this code base are half-open.
//
//   phys_addr_t base{0x1000};
//   pfn_t first = to_pfn_up(base, 12);      // pfn 1
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>

namespace mmscope {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i32 = std::int32_t;
using i64 = std::int64_t;

template <class Tag> struct Strong {
  u64 v = 0;
  constexpr Strong() = default;
  constexpr explicit Strong(u64 value) : v(value) {}
  friend constexpr auto operator<=>(Strong, Strong) = default;
  friend constexpr bool operator==(Strong, Strong) = default;
  friend constexpr Strong operator+(Strong a, u64 n) { return Strong{a.v + n}; }
  friend constexpr Strong operator-(Strong a, u64 n) { return Strong{a.v - n}; }
  friend constexpr u64 operator-(Strong a, Strong b) { return a.v - b.v; }
  constexpr Strong &operator+=(u64 n) {
    v += n;
    return *this;
  }
  constexpr Strong &operator-=(u64 n) {
    v -= n;
    return *this;
  }
};

using phys_addr_t = Strong<struct PhysAddrTag>; // bytes
using pfn_t = Strong<struct PfnTag>;            // pages
using order_t = Strong<struct OrderTag>;        // log2 of pages

inline constexpr phys_addr_t phys_addr_max{~u64{0}};

// First page that starts at or after `a` (Linux: PFN_UP).
constexpr pfn_t to_pfn_up(phys_addr_t a, unsigned page_shift) {
  const u64 mask = (u64{1} << page_shift) - 1;
  return pfn_t{(a.v >> page_shift) + ((a.v & mask) != 0)};
}
// Page that contains `a` (Linux: PFN_DOWN).
constexpr pfn_t to_pfn_down(phys_addr_t a, unsigned page_shift) { return pfn_t{a.v >> page_shift}; }
constexpr phys_addr_t to_phys(pfn_t p, unsigned page_shift) { return phys_addr_t{p.v << page_shift}; }

constexpr u64 pages_of(order_t o) { return u64{1} << o.v; }

// `align` is a power of two in the next two, as in the kernel; any value > 0 in `round_up_any`.
constexpr u64 round_down(u64 x, u64 align) { return x & ~(align - 1); }
constexpr u64 round_up(u64 x, u64 align) { return ((x - 1) | (align - 1)) + 1; }
constexpr u64 div_round_up(u64 x, u64 n) { return x / n + (x % n != 0); }
constexpr u64 round_up_any(u64 x, u64 n) { return div_round_up(x, n) * n; }

// Node ids. `no_node` is what the kernel calls NUMA_NO_NODE in requests and
// MAX_NUMNODES in memblock regions; era data says how a kernel prints it.
inline constexpr i32 no_node = -1;

} // namespace mmscope
