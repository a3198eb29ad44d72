#include "lab/compare.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <map>

namespace mmscope {
namespace {

constexpr std::size_t keyframe_bytes = std::size_t{64} << 20; // of all machines together

/// One step under several names.
Op role_of(Op op) {
  switch (op) {
  case Op::memblock_add: return Op::e820_add; // the firmware names RAM
  case Op::arch_numa_init:
  case Op::initmem_init:
  case Op::bootmem_init: return Op::numa_init; // RAM has nodes from here on
  case Op::arm64_memblock_init:
  case Op::adjust_lowmem_bounds: return Op::e820__memblock_setup; // memblock knows the RAM that is used
  case Op::free_highpages: return Op::set_highmem_pages_init;
  case Op::free_all_bootmem: return Op::memblock_free_all;
  default: return op;
  }
}

bool reserves(Op op) { return returns_address(op) || op == Op::memblock_reserve; }

std::string_view plain(std::string_view caller) { return caller.substr(0, caller.find_first_of("+. ")); }

/// a / b > c / d, exactly; over 0 stands what is larger than any number.
bool ratio_above(u64 a, u64 b, u64 c, u64 d) {
  if (b == 0 || d == 0) return b == 0 && d != 0;
  if (a / b != c / d) return a / b > c / d;
  if (a % b == 0 || c % d == 0) return a % b != 0;
  return ratio_above(d, c % d, b, a % b);
}

/// One line of what a machine's bytes are for: what they are, and the owner's name if they have one.
using Use = std::pair<PartKind, std::string>;

bool is_remainder(PartKind k) { return k == PartKind::free_memblock || k == PartKind::free_buddy; }

} // namespace

std::string step_name(const Lab &lab, std::size_t call) {
  const Command &c = lab.command(call);
  if (reserves(c.op)) {
    const BootIndex &index = lab.index();
    const auto &changes = index.changes();
    const OwnerChange *taken = nullptr; // the largest: growing arrays take something too
    for (std::size_t i = index.calls()[call].first_change; i < changes.size() && changes[i].call == call; ++i)
      if (changes[i].owner != nobody &&
          (taken == nullptr || changes[i].end - changes[i].base > taken->end - taken->base))
        taken = &changes[i];
    if (taken != nullptr) return concat("for ", index.owners()[taken->owner].label);
  }
  std::string name(op_info(role_of(c.op)).name);
  if (c.op == Op::free_reserved_area) append(name, ' ', c.owner);
  if (c.op == Op::memblock_phys_free) append(name, ' ', plain(c.caller));
  return name;
}

Comparison::Comparison(std::vector<Script> scripts) {
  if (scripts.size() > max_compared) scripts.resize(max_compared);
  for (Script &s : scripts) labs_.push_back(std::make_unique<Lab>(std::move(s), keyframe_bytes / scripts.size()));
}

bool Comparison::prepare(u64 calls) {
  if (ready_) return true;
  const u64 each = std::max<u64>(calls / std::max<std::size_t>(labs_.size(), 1), 1);
  bool through = true;
  for (const auto &lab : labs_) through = lab->prepare(each) && through;
  if (!through) return false;
  std::map<std::string, u32> names;
  std::vector<std::vector<AlignStep>> boots(labs_.size());
  for (std::size_t i = 0; i < labs_.size(); ++i) {
    const auto &made = labs_[i]->index().calls();
    for (std::size_t call = 0; call < made.size(); ++call) {
      const u32 name = names.emplace(step_name(*labs_[i], call), static_cast<u32>(names.size())).first->second;
      boots[i].push_back({made[call].phase, name});
    }
  }
  moments_ = align(boots);
  ready_ = true;
  return true;
}

double Comparison::progress() const {
  if (ready_ || labs_.empty()) return 1;
  double sum = 0;
  for (const auto &lab : labs_) sum += lab->index().progress();
  return std::min(sum / static_cast<double>(labs_.size()), 0.999);
}

bool Comparison::seek_some(u64 position, u64 calls) {
  position_ = static_cast<std::size_t>(std::min<u64>(position, moments_.size()));
  bool there = true;
  for (unsigned i = 0; i < size(); ++i) {
    const u64 to = position_ == 0 ? 0 : moments_[position_ - 1].made[i];
    there = labs_[i]->seek_some({to, 0, 0}, calls) && there;
  }
  return there;
}

void Comparison::seek(u64 position) {
  while (!seek_some(position, ~u64{0})) {}
}

std::optional<u64> Comparison::call_of(unsigned i) const {
  if (position_ == 0 || !moments_[position_ - 1].has(i)) return std::nullopt;
  return moments_[position_ - 1].made[i] - 1;
}

std::vector<ComparedFact> Comparison::facts() const {
  std::vector<ComparedFact> rows;
  for (unsigned i = 0; i < size(); ++i) {
    std::size_t behind = 0; // where a row goes that no machine before has: after its neighbour here
    for (Fact &f : machine_facts(*labs_[i])) {
      auto at = std::find_if(rows.begin(), rows.end(), [&](const ComparedFact &r) { return r.head.beside(f); });
      if (at == rows.end()) {
        at = rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(behind), ComparedFact{});
        at->head = f;
        at->cells.resize(size());
      }
      behind = static_cast<std::size_t>(at - rows.begin()) + 1;
      at->cells[i] = std::move(f);
    }
  }
  for (ComparedFact &r : rows)
    r.differs = std::any_of(r.cells.begin(), r.cells.end(), [&](const auto &cell) {
      return cell.has_value() != r.cells[0].has_value() || (cell && !cell->equal(*r.cells[0]));
    });
  return rows;
}

MapWhy why_larger(const MapSize &more, u64 more_ram, const MapSize &less, u64 less_ram) {
  if (more.bytes() <= less.bytes() || less.struct_pages == 0) return {};
  // Each factor as a ratio that is above 1 when it makes the map larger.
  struct Factor {
    MapReason reason;
    u64 up, down;
  };
  const u64 more_holes = more.covered() > more_ram ? more.covered() - more_ram : 0;
  const u64 less_holes = less.covered() > less_ram ? less.covered() - less_ram : 0;
  const bool by_ram =
      more_ram > less_ram && more_ram - less_ram >= (more_holes > less_holes ? more_holes - less_holes : 0);
  const Factor factors[] = {
      {MapReason::sizeof_page, more.sizeof_page, less.sizeof_page},
      {MapReason::page_size, less.page_size, more.page_size},
      {by_ram ? MapReason::ram : MapReason::holes, more.covered(), less.covered()},
  };
  const Factor *most = &factors[0];
  for (const Factor &f : factors)
    if (ratio_above(f.up, f.down, most->up, most->down)) most = &f;
  switch (most->reason) {
  case MapReason::sizeof_page: return {most->reason, more.sizeof_page, less.sizeof_page};
  case MapReason::page_size: return {most->reason, more.page_size, less.page_size};
  case MapReason::ram: return {most->reason, more_ram, less_ram};
  case MapReason::holes: return {most->reason, more_holes, less_holes};
  case MapReason::none: break;
  }
  return {};
}

std::vector<Difference> Comparison::differences() const {
  std::vector<Difference> all;
  const auto add = [&](Difference::Kind kind, const auto &amounts) -> Difference * {
    const auto [least, most] = std::minmax_element(amounts.begin(), amounts.end());
    if (*least == *most) return nullptr;
    Difference &d = all.emplace_back();
    d.kind = kind;
    d.more = static_cast<unsigned>(most - amounts.begin());
    d.less = static_cast<unsigned>(least - amounts.begin());
    d.more_bytes = static_cast<u64>(*most);
    d.less_bytes = static_cast<u64>(*least);
    return &d;
  };
  std::map<Use, std::vector<u64>> uses; // bytes by machine
  std::vector<u64> ram, allocators;
  for (unsigned i = 0; i < size(); ++i) {
    const Lab &lab = *labs_[i];
    const Accounting sums = lab.accounting();
    ram.push_back(sums.ram);
    allocators.push_back(static_cast<u64>(allocator_in_charge(lab)));
    for (const Part &p : sums.parts) {
      if (is_remainder(p.kind)) continue;
      auto &bytes = uses[{p.kind, p.owner == nobody ? std::string() : lab.index().owners()[p.owner].label}];
      bytes.resize(size());
      bytes[i] += p.bytes;
    }
  }
  if (size() < 2) return all;

  add(Difference::Kind::allocator, allocators);
  const auto held = static_cast<std::ptrdiff_t>(all.size());
  for (const auto &[use, bytes] : uses) {
    Difference *d = add(Difference::Kind::held, bytes);
    if (d == nullptr) continue;
    d->part = use.first;
    d->label = use.second;
    d->is_map = d->part == PartKind::owner && d->label == "mem_map";
    if (!d->is_map) continue;
    const MapWhy why =
        why_larger(map_size(labs_[d->more]->state()), ram[d->more], map_size(labs_[d->less]->state()), ram[d->less]);
    d->reason = why.reason;
    d->more_reason = why.more;
    d->less_reason = why.less;
  }
  std::stable_sort(all.begin() + held, all.end(), [](const Difference &a, const Difference &b) {
    return a.more_bytes - a.less_bytes > b.more_bytes - b.less_bytes;
  });
  add(Difference::Kind::ram, ram);
  if (!all.empty()) return all;
  for (const ComparedFact &row : facts())
    if (row.differs && fact_info(row.head.kind).group != FactGroup::machine) {
      all.emplace_back().fact = row.head;
      break;
    }
  return all;
}

} // namespace mmscope
