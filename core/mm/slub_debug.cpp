// What slub_debug= checks, and how the kernel words what it finds (mm/slub.c).
//
// Bytes are not kept: a slot holds the allocator's pattern but for what write_object has noted. Notes of a slot go
// when the allocator fills it with its pattern again (init_object), and a report appends one that restores.
#include "mm/slub.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace mmscope {

namespace {
constexpr u8 poison_in_use = 0x5a, poison_free = 0x6b, poison_end = 0xa5, red_inactive = 0xbb, red_active = 0xcc;

std::string pointer(u64 address, u32 word) {
  std::string s = "0x";
  append_hex(s, address, 2 * word);
  return s;
}
std::string byte(u8 b) {
  std::string s = "0x";
  append_hex(s, b);
  return s;
}
} // namespace

bool Slub::written(u32 index, u16 object) const {
  if (writes_.empty()) return false;
  const u64 pfn = slabs_[index].pfn;
  return std::any_of(writes_.begin(), writes_.end(),
                     [&](const Write &w) { return w.slab == pfn && w.object == object; });
}

// The bytes of [from, to) of a slot that are not what they should be: from the first to the last of them.
std::optional<Slub::Fault> Slub::find_fault(u32 index, u16 object, i64 from, i64 to, u8 expected) const {
  if (from >= to || !written(index, object)) return std::nullopt;
  std::vector<u8> bytes(static_cast<std::size_t>(to - from), expected);
  for (const Write &w : writes_) {
    if (w.slab != slabs_[index].pfn || w.object != object) continue;
    const i64 a = std::max<i64>(from, w.offset), b = std::min<i64>(to, i64{w.offset} + w.length);
    for (i64 i = a; i < b; ++i) bytes[static_cast<std::size_t>(i - from)] = w.value;
  }
  const auto wrong = [&](u8 b) { return b != expected; };
  const auto first = std::find_if(bytes.begin(), bytes.end(), wrong);
  if (first == bytes.end()) return std::nullopt;
  const auto last = std::find_if(bytes.rbegin(), bytes.rend(), wrong).base();
  return Fault{from + (first - bytes.begin()), from + (last - bytes.begin()), *first};
}

std::string Slub::slab_line(u32 index) const {
  const Slab &s = slabs_[index];
  const std::string fp = s.freelist == no_object ? std::string("0x0000000000000000").substr(0, 2 + 2 * rules_.word)
                                                 : pointer(virtual_of(address_of(s, s.freelist)), rules_.word);
  return concat("Slab at pfn ", s.pfn, " objects=", s.objects, " used=", s.inuse, " fp=", fp);
}

// slab_err
void Slub::report_slab(const SlabEnv &e, cache_id id, u32 index, std::string_view what, SlabResult &r) {
  const std::string head =
      concat("BUG ", caches_[id].name, reports_ == 0 ? " (Not tainted): " : " (Tainted: G    B): ", what);
  r.report.push_back(head);
  r.report.push_back(slab_line(index));
  add_report(e.t, id, index, 0, head);
}

// object_err and check_bytes_and_report, without the dump of the bytes.
void Slub::report_object(const SlabEnv &e, u32 index, u16 object, std::string_view what, std::string_view bytes,
                         SlabResult &r) {
  const Slab &s = slabs_[index];
  const KmemCache &c = caches_[s.cache];
  const std::string head = concat("BUG ", c.name, reports_ == 0 ? " (Not tainted): " : " (Tainted: G    B): ", what);
  r.report.push_back(head);
  if (!bytes.empty()) r.report.emplace_back(bytes);
  r.report.push_back(slab_line(index));
  const phys_addr_t address = address_of(s, object);
  const u16 next = links_[s.links + object];
  const u64 fp = next >= object_in_use ? 0 : virtual_of(address_of(s, next));
  r.report.push_back(concat("Object ", pointer(virtual_of(address), rules_.word), " @offset=",
                            address - to_phys(pfn_t{s.pfn}, rules_.page_shift), " fp=", pointer(fp, rules_.word)));
  add_report(e.t, s.cache, index, object, head);
}

bool Slub::check_bytes(const SlabEnv &e, u32 index, u16 object, std::string_view what, i64 from, i64 to, u8 expected,
                       SlabResult &r) {
  const std::optional<Fault> f = find_fault(index, object, from, to, expected);
  if (!f) return true;
  const Slab &s = slabs_[index];
  const u64 start = virtual_of(address_of(s, object));
  const u64 first = start + static_cast<u64>(f->from), last = start + static_cast<u64>(f->to) - 1;
  report_object(e, index, object, concat(what, " overwritten"),
                concat(pointer(first, rules_.word), "-", pointer(last, rules_.word),
                       " @offset=", first - virtual_of(to_phys(pfn_t{s.pfn}, rules_.page_shift)), ". First byte ",
                       byte(f->first), " instead of ", byte(expected)),
                r);
  r.report.push_back(concat("FIX ", caches_[s.cache].name, ": Restoring ", what, " ", pointer(first, rules_.word), "-",
                            pointer(last, rules_.word), "=", byte(expected)));
  add_write(e.t, index, object, f->from, static_cast<u64>(f->to - f->from), expected);
  return false;
}

// One slot, from the left: `active` says whether the object is in use (and which colour its red zone has).
bool Slub::check_object(const SlabEnv &e, u32 index, u16 object, bool active, SlabResult &r) {
  if (!written(index, object)) return true;
  const SlabLayout &l = caches_[slabs_[index].cache].layout;
  const i64 end = l.object_size, inuse = l.inuse;
  const u8 red = active ? red_active : red_inactive;
  if (l.has(slab_flag::RED_ZONE)) {
    if (!check_bytes(e, index, object, "Left Redzone", -i64{l.red_left_pad}, 0, red, r)) return false;
    if (!check_bytes(e, index, object, "Right Redzone", end, inuse, red, r)) return false;
  } else if (l.has(slab_flag::POISON)) {
    check_bytes(e, index, object, "Alignment padding", end, inuse, poison_in_use, r);
  }
  if (l.has(slab_flag::POISON)) {
    if (!active && l.has(slab_flag::OBJECT_POISON) &&
        (!check_bytes(e, index, object, "Poison", 0, end - 1, poison_free, r) ||
         !check_bytes(e, index, object, "End Poison", end - 1, end, poison_end, r)))
      return false;
    i64 meta = inuse + (l.free_pointer_outside() ? rules_.word : 0);
    if (l.has(slab_flag::STORE_USER))
      meta += 2 * i64{rules_.sizeof_track} + (l.has(slab_flag::KMALLOC) ? i64{sizeof(u32)} : 0);
    check_bytes(e, index, object, "Object padding", meta, i64{l.size} - l.red_left_pad, poison_in_use, r);
  }
  // A free pointer inside the object is the user's while the object is in use.
  if (!l.free_pointer_outside() && active) return true;
  const bool overwritten = std::any_of(writes_.begin(), writes_.end(), [&](const Write &w) {
    return w.slab == slabs_[index].pfn && w.object == object && w.offset < i64{l.offset} + rules_.word &&
           i64{w.offset} + w.length > l.offset;
  });
  if (!overwritten) return true;
  report_object(e, index, object, "Freepointer corrupt", {}, r);
  clean(e.t, index, object); // zapped: what follows it in the list is lost, and the slab with it
  return false;
}

// slab_pad_check: what is left over behind the last slot.
void Slub::check_slab_padding(const SlabEnv &e, u32 index, SlabResult &r) {
  const Slab &s = slabs_[index];
  const SlabLayout &l = caches_[s.cache].layout;
  if (!l.has(slab_flag::POISON) || !written(index, s.objects)) return;
  // Bytes behind the last slot are counted as those of one more object, whose start lies behind its red zone.
  const i64 from = -i64{l.red_left_pad};
  const u64 left = (rules_.page_size() << s.order) - u64{s.objects} * l.size;
  const std::optional<Fault> f = find_fault(index, s.objects, from, from + static_cast<i64>(left), poison_in_use);
  if (!f) return;
  const u64 at = u64{s.objects} * l.size + l.red_left_pad;
  const u64 first = at + static_cast<u64>(f->from), last = at + static_cast<u64>(f->to) - 1;
  const u64 base = virtual_of(to_phys(pfn_t{s.pfn}, rules_.page_shift));
  report_slab(e, s.cache, index,
              concat("Padding overwritten. ", pointer(base + first, rules_.word), "-",
                     pointer(base + last, rules_.word), " @offset=", first),
              r);
  r.report.push_back(concat("FIX ", caches_[s.cache].name, ": Restoring slab padding ",
                            pointer(base + first, rules_.word), "-", pointer(base + last, rules_.word), "=0x5a"));
  add_write(e.t, index, s.objects, f->from, static_cast<u64>(f->to - f->from), poison_in_use);
}

bool Slub::alloc_consistency_checks(const SlabEnv &e, u32 index, u16 object, SlabResult &r) {
  check_slab_padding(e, index, r);
  return check_object(e, index, object, false, r);
}

bool Slub::free_consistency_checks(const SlabEnv &e, cache_id id, const ObjectAt &o, phys_addr_t address,
                                   SlabResult &r) {
  const Slab &s = slabs_[o.slab];
  if (s.frozen) {
    r.why = "the slab failed a check before and is out of use";
    report_slab(e, id, o.slab, "Slab disabled since SLUB metadata consistency check failed", r);
    return false;
  }
  check_slab_padding(e, o.slab, r);
  if (o.offset != 0 || o.object >= s.objects) {
    r.why = "the pointer is not the start of an object";
    report_slab(e, id, o.slab, concat("Invalid object pointer ", pointer(virtual_of(address), rules_.word)), r);
    return false;
  }
  if (!in_use(s, o.object)) {
    r.why = "double free: the object is on the slab's freelist";
    report_object(e, o.slab, o.object, "Object already free", {}, r);
    return false;
  }
  if (check_object(e, o.slab, o.object, true, r)) return true;
  r.why = "something wrote outside the object while it was in use";
  return false;
}

SlabResult Slub::write_object(const SlabEnv &e, phys_addr_t address, u64 length, u8 value) {
  SlabResult r;
  const ObjectAt first = object_at(address);
  if (length == 0 || first.slab == 0 || object_at(address + (length - 1)).slab != first.slab) {
    r.verdict = SlabVerdict::refused;
    r.why = length == 0 ? "no bytes to write" : "the bytes are not all of one slab";
    return r;
  }
  const Slab &s = slabs_[first.slab];
  const SlabLayout &l = caches_[s.cache].layout;
  const bool one = object_at(address + (length - 1)).object == first.object;
  const bool inside = one && first.object < s.objects && first.offset >= 0 &&
                      first.offset + static_cast<i64>(length) <= i64{l.object_size};
  const bool used = first.object < s.objects && in_use(s, first.object);
  if (!(inside && used)) {
    // Which check would see it: red zones and padding when it leaves an object in use, poison when that is free.
    const bool over_seen = l.has(slab_flag::RED_ZONE) || l.has(slab_flag::POISON);
    const bool free_seen = l.has(slab_flag::OBJECT_POISON);
    const bool checked = l.has(slab_flag::CONSISTENCY_CHECKS);
    if (!checked || (used ? !over_seen : !free_seen)) {
      r.verdict = SlabVerdict::unnoticed;
      r.why = used ? "the write leaves its object and nobody notices: it changes the neighbour; slub_debug=FZ would "
                     "report \"Right Redzone overwritten\" when the object is freed"
                   : "the object is free and nobody notices: the write may change its free pointer and lead the next "
                     "allocation astray; slub_debug=FP would report \"Poison overwritten\" when it is allocated again";
      return r;
    }
    r.verdict = SlabVerdict::noticed;
    r.why = used ? "the write leaves its object; it is found when the object is freed"
                 : "the object is free; it is found when the object is allocated again or its slab is given back";
  }
  for (u64 done = 0; done < length;) { // slot by slot
    const ObjectAt o = object_at(address + done);
    const u64 left = o.object < s.objects ? static_cast<u64>(i64{l.size} - l.red_left_pad - o.offset) : length - done;
    const u64 n = std::min(left, length - done);
    add_write(e.t, o.slab, o.object, o.offset, n, value);
    done += n;
  }
  return r;
}

std::vector<Slub::SlotByte> Slub::slot_bytes(const Slab &s, u16 object) const {
  const SlabLayout &l = caches_[s.cache].layout;
  const bool used = in_use(s, object);
  std::vector<SlotByte> bytes(l.size);
  // Offsets from the object's start.
  const auto fill = [&](i64 from, i64 to, u8 value, ByteKind kind) {
    for (i64 i = from; i < to; ++i) bytes[static_cast<std::size_t>(i + l.red_left_pad)] = {value, kind};
  };
  const i64 end = l.object_size, inuse = l.inuse, slot = i64{l.size} - l.red_left_pad;
  fill(0, end, 0, ByteKind::object);
  if (l.has(slab_flag::POISON)) fill(end, slot, poison_in_use, ByteKind::padding);
  if (l.has(slab_flag::OBJECT_POISON)) {
    fill(0, end - 1, poison_free, ByteKind::poison);
    fill(end - 1, end, poison_end, ByteKind::poison);
  }
  if (l.has(slab_flag::RED_ZONE)) {
    fill(-i64{l.red_left_pad}, 0, used ? red_active : red_inactive, ByteKind::red_zone);
    fill(end, inuse, used ? red_active : red_inactive, ByteKind::red_zone);
  }
  i64 meta = inuse + (l.free_pointer_outside() ? rules_.word : 0);
  if (l.has(slab_flag::STORE_USER))
    fill(meta, meta + 2 * i64{rules_.sizeof_track} + (l.has(slab_flag::KMALLOC) ? 4 : 0), 0, ByteKind::metadata);
  for (const Write &w : writes_)
    if (w.slab == s.pfn && w.object == object)
      fill(w.offset, std::min(i64{w.offset} + w.length, slot), w.value, ByteKind::written);
  if (!used) {
    u64 stored = stored_free_pointer(s, object);
    for (u32 i = 0; i < rules_.word; ++i, stored >>= 8) {
      SlotByte &b = bytes[l.red_left_pad + l.offset + i];
      if (b.kind != ByteKind::written) b = {static_cast<u8>(stored), ByteKind::free_pointer}; // little-endian
    }
  } else if (l.free_pointer_outside()) {
    fill(l.offset, i64{l.offset} + rules_.word, 0, ByteKind::free_pointer); // what the last allocation left there
  }
  return bytes;
}

} // namespace mmscope
