#include "mm/bootmem.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <bit>

namespace mmscope {

bootmem_data::bootmem_data(Trace *t, const BootmemRules &rules, pfn_t mapstart, pfn_t start, pfn_t end)
    : rules_(rules), mapstart_(mapstart), start_(start), end_(end) {
  MM_CHECK(start < end);
  map_.assign(static_cast<std::size_t>(map_bytes()), u8{0xff});
  emit(t, EventKind::lab_bootmem_init,
       {mapstart.v, start.v, end.v, static_cast<u64>(rules.resume), rules.whole_longs ? 1u : 0u, rules.page_shift,
        rules.long_bytes});
}

u64 bootmem_data::map_bytes() const { return round_up(div_round_up(pages(), 8), rules_.long_bytes); }

u64 bootmem_data::free_pages() const {
  u64 n = 0;
  for (u64 i = 0; !is_gone() && i < pages(); ++i) n += bit(i) ? 0u : 1u;
  return n;
}

// --- what the kernel would stop at ---

std::string bootmem_data::why_not_reserve(phys_addr_t addr, u64 size) const {
  if (is_gone()) return "free_all_bootmem has given the bitmap away";
  if (size == 0) return "size is 0: BUG()";
  if (to_pfn_down(addr, rules_.page_shift) < start_) return concat("the node begins at page ", start_.v);
  if (to_pfn_up(addr + size, rules_.page_shift) > end_) return concat("the node ends before page ", end_.v, ": BUG()");
  return {};
}

std::string bootmem_data::why_not_free(phys_addr_t addr, u64 size) const {
  if (is_gone()) return "free_all_bootmem has given the bitmap away";
  if (size == 0) return "size is 0: BUG()";
  const pfn_t first = to_pfn_up(addr, rules_.page_shift), last = to_pfn_down(addr + size, rules_.page_shift);
  if (to_pfn_down(addr, rules_.page_shift) < start_) return concat("the node begins at page ", start_.v);
  if (last > end_) return concat("the node ends before page ", end_.v, ": BUG()");
  for (pfn_t p = first; p < last; p += 1)
    if (!reserved(p)) return concat("page ", p.v, " is free already: BUG()");
  return {};
}

std::string bootmem_data::why_not_free_all() const {
  if (is_gone()) return "free_all_bootmem has run already: the bitmap is given away";
  const u64 map_pages = div_round_up(pages() / 8, u64{1} << rules_.page_shift);
  for (u64 i = 0; i < map_pages; ++i)
    if (const pfn_t p = mapstart_ + i; p >= start_ && p < end_ && !reserved(p))
      return concat("page ", p.v, " holds the bitmap but nobody has reserved it: it would be freed twice");
  return {};
}

// --- the calls ---

void bootmem_data::free(Trace *t, phys_addr_t addr, u64 size) {
  const pfn_t first = to_pfn_up(addr, rules_.page_shift), last = to_pfn_down(addr + size, rules_.page_shift);
  // 2.6.24 compares an address with a distance from the node's start; its nodes begin at 0 where it matters.
  if (rules_.resume == BootmemResume::lowered_by_free && addr.v < last_success_)
    set_last(t, last_pos_, last_offset_, addr.v);
  if (first < last) set_bits(t, first - start_, last - first, false);
}

void bootmem_data::reserve(Trace *t, phys_addr_t addr, u64 size) {
  const pfn_t first = to_pfn_down(addr, rules_.page_shift), last = to_pfn_up(addr + size, rules_.page_shift);
  u64 twice = 0;
  for (pfn_t p = first; p < last; p += 1) twice += reserved(p) ? 1u : 0u;
  if (twice != 0) emit(t, EventKind::lab_bootmem_twice, {first.v, last - first, twice});
  set_bits(t, first - start_, last - first, true);
}

// The first of from, from + step … where so many clear bits begin. A candidate before the set bit that ended another
// one's run would end there too, so the search goes on behind that bit.
std::optional<u64> bootmem_data::first_fit(u64 from, u64 step, u64 wanted) const {
  const u64 n = pages();
  for (u64 i = from; i < n && wanted <= n - i;) {
    u64 clear = 0;
    while (clear < wanted && !bit(i + clear)) ++clear;
    if (clear == wanted) return i;
    i += (clear / step + 1) * step;
  }
  return std::nullopt;
}

std::optional<phys_addr_t> bootmem_data::alloc(Trace *t, const BootmemRequest &r) {
  MM_CHECK(r.size != 0 && std::has_single_bit(r.align) && !is_gone());
  const unsigned shift = rules_.page_shift;
  const u64 page = u64{1} << shift, node_start = start_.v << shift;
  // Pages from the node's start to the first aligned address.
  const u64 offset = (round_up(node_start, r.align) - node_start) >> shift;
  u64 preferred = 0;
  if (r.goal.v != 0 && r.goal.v >= node_start && to_pfn_down(r.goal, shift) < end_) {
    preferred = r.goal.v - node_start;
    if (rules_.resume != BootmemResume::no) preferred = std::max(preferred, last_success_);
  }
  preferred = (round_up(preferred, r.align) >> shift) + offset;
  const u64 step = std::max(r.align >> shift, u64{1});
  u64 area = div_round_up(r.size, page);

  std::optional<u64> found = first_fit(preferred, step, area);
  emit(t, EventKind::lab_bootmem_search, {(start_ + preferred).v, step, area, found ? 1u : 0u});
  if (!found && preferred > offset) { // 2.4 asks for preferred != 0: with an offset it would search for ever
    found = first_fit(offset, step, area);
    emit(t, EventKind::lab_bootmem_search, {(start_ + offset).v, step, area, found ? 1u : 0u});
  }
  if (!found) return std::nullopt;

  const u64 at = *found;
  const u64 success = rules_.resume == BootmemResume::no ? u64{0} : at << shift;
  phys_addr_t result = to_phys(start_ + at, shift);
  // What is aligned to a page finds no rest: 2.4's test for align <= PAGE_SIZE comes to the same as 2.6's for <.
  if (r.align < page && last_offset_ != 0 && last_pos_ + 1 == at) {
    const u64 inside = round_up(last_offset_, r.align), rest = page - inside;
    result = to_phys(start_ + last_pos_, shift) + inside;
    emit(t, EventKind::lab_bootmem_share, {(start_ + last_pos_).v, inside, std::min(rest, r.size)});
    const u64 beyond = r.size < rest ? 0 : r.size - rest; // bytes that need pages of their own
    area = div_round_up(beyond, page);
    if (r.size < rest)
      set_last(t, last_pos_, inside + r.size, success);
    else
      set_last(t, at + area - 1, beyond & (page - 1), success);
  } else {
    set_last(t, at + area - 1, r.size & (page - 1), success);
  }
  if (area != 0) set_bits(t, at, area, true);
  return result;
}

// The kernel's test in its own numbers: ffs(node_boot_start) - PAGE_SHIFT > ffs(BITS_PER_LONG), both counted from 1.
bool bootmem_data::gives_longs() const {
  if (!rules_.whole_longs) return false;
  return start_.v == 0 || std::countr_zero(start_.v) > std::countr_zero(u64{8} * rules_.long_bytes);
}

// --- primitives ---

void bootmem_data::set_bits(Trace *t, u64 first, u64 count, bool value) {
  for (u64 i = first; i < first + count; ++i) {
    u8 &byte = map_[static_cast<std::size_t>(i / 8)];
    const u8 mask = static_cast<u8>(1u << (i % 8));
    byte = static_cast<u8>(value ? byte | mask : byte & ~mask);
  }
  emit(t, EventKind::lab_bootmem_bits, {(start_ + first).v, count, value ? 1u : 0u});
}

void bootmem_data::set_last(Trace *t, u64 pos, u64 offset, u64 success) {
  if (pos == last_pos_ && offset == last_offset_ && success == last_success_) return;
  last_pos_ = pos;
  last_offset_ = offset;
  last_success_ = success;
  emit(t, EventKind::lab_bootmem_last, {pos, offset, success});
}

void bootmem_data::drop_map(Trace *t) {
  map_ = {};
  emit(t, EventKind::lab_bootmem_gone, {mapstart_.v});
}

void bootmem_data::add_to(Digest &d) const {
  d.add(rules_.page_shift).add(rules_.long_bytes).add(static_cast<u64>(rules_.resume));
  d.add(rules_.whole_longs ? 1 : 0);
  d.add(mapstart_).add(start_).add(end_).add(map_.size());
  for (const u8 byte : map_) d.add(byte);
  d.add(last_pos_).add(last_offset_).add(last_success_);
}

std::string bootmem_data::verify() const {
  if (is_gone()) return {};
  if (map_.size() != map_bytes()) return "the bitmap has not the size of its node";
  for (u64 i = pages(); i < u64{8} * map_.size(); ++i)
    if (!bit(i)) return concat("bit ", i, " is clear, behind the node's last page");
  if (last_offset_ >> rules_.page_shift != 0) return "last_offset is a page or more";
  if (last_offset_ != 0 && (last_pos_ >= pages())) return "last_pos lies behind the node";
  return {};
}

} // namespace mmscope
