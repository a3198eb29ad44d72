// Misuse: what the kernel sees, when, in which words; and what it does not see.
#include "mm/slub.hpp"

#include "support/slub_bench.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

namespace {

BenchSetup debug(std::string_view command_line, bool hardened = true) {
  BenchSetup s;
  read_slub_params(s.rules, command_line);
  s.rules.freelist_hardened = hardened;
  return s;
}
SlabResult write(SlubBench &b, phys_addr_t at, u64 length, u8 value) {
  return b.call([&](const SlabEnv &e) { return b.slub.write_object(e, at, length, value); });
}
bool says(const SlabResult &r, std::string_view words) {
  for (const std::string &line : r.report)
    if (line.find(words) != std::string::npos) return true;
  return false;
}
std::string text(const SlabResult &r) {
  std::string s = r.why;
  for (const std::string &line : r.report) append(s, '\n', line);
  return s;
}

} // namespace

TEST_CASE("misuse: double free of the freelist's first object is a BUG when hardened, else nobody sees it") {
  SlubBench b;
  const cache_id c = b.create({.name = "big", .size = 4096});
  const phys_addr_t o = b.alloc(c), p = b.alloc(c);
  b.free(c, o);
  const SlabResult r = b.free(c, o);
  CHECK(r.verdict == SlabVerdict::bug);
  CHECK(says(r, "kernel BUG at mm/slub.c!"));
  // another object in between hides it
  b.free(c, p);
  const SlabResult hidden = b.free(c, o);
  CHECK(hidden.verdict == SlabVerdict::unnoticed);
  CHECK(hidden.why.find("slub_debug=F") != std::string::npos);
  CHECK(hidden.report.empty());
  // the same from the slab's own list
  SlubBench n({.cpus = 2});
  const cache_id d = n.create({.name = "big", .size = 4096});
  const phys_addr_t q = n.alloc(d);
  n.free(d, q, 1);
  CHECK(n.free(d, q, 1).verdict == SlabVerdict::bug);
  CHECK(n.free(d, q, 0).verdict == SlabVerdict::unnoticed); // it would join the CPU's list, whose head is another

  SlubBench soft(debug("", false));
  const cache_id e = soft.create({.name = "big", .size = 4096});
  const phys_addr_t x = soft.alloc(e);
  soft.free(e, x);
  CHECK(soft.free(e, x).verdict == SlabVerdict::unnoticed);
}

TEST_CASE("misuse: double free under slub_debug=F is reported, and not done") {
  SlubBench b(debug("slub_debug=F"));
  const cache_id c = b.create({.name = "big", .size = 4096});
  const phys_addr_t o = b.alloc(c), p = b.alloc(c);
  b.free(c, o);
  b.free(c, p);
  const SlabResult r = b.free(c, o);
  CAPTURE(text(r));
  CHECK(r.verdict == SlabVerdict::reported);
  REQUIRE(r.report.size() == 4);
  CHECK(r.report[0] == "BUG big (Not tainted): Object already free");
  CHECK(r.report[1].starts_with("Slab at pfn "));
  CHECK(r.report[1].find("objects=8 used=0") != std::string::npos);
  CHECK(r.report[2].find(" @offset=0 fp=0x") != std::string::npos);
  CHECK(r.report[3].starts_with("FIX big: Object at 0xffff888"));
  CHECK(r.report[3].ends_with(" not freed"));
  CHECK(b.free(c, o).report[0] == "BUG big (Tainted: G    B): Object already free");
}

TEST_CASE("misuse: freeing to the wrong cache") {
  SlubBench b;
  const cache_id c = b.create({.name = "right", .size = 4096}), d = b.create({.name = "wrong", .size = 2000});
  const phys_addr_t o = b.alloc(c);
  const SlabResult r = b.free(d, o);
  CHECK(r.verdict == SlabVerdict::noticed);
  REQUIRE(r.report.size() == 1);
  CHECK(r.report[0] == "cache_from_obj: Wrong slab cache. wrong but object is from right");
  CHECK(b.alloc(c) == o); // it went where it belongs
  const SlabResult none = b.free(c, phys_addr_t{20000} + u64{60} * 1024 * 1024);
  CHECK(none.verdict == SlabVerdict::reported);
  CHECK(says(none, "Object is not a Slab page!"));

  SlubBench soft(debug("", false));
  const cache_id e = soft.create({.name = "right", .size = 4096}), f = soft.create({.name = "wrong", .size = 2000});
  const SlabResult s = soft.free(f, soft.alloc(e));
  CHECK(s.verdict == SlabVerdict::unnoticed);
  CHECK(s.why.find("HARDENED") != std::string::npos);
}

TEST_CASE("misuse: a pointer into the middle of an object") {
  SlubBench b;
  const cache_id c = b.create({.name = "big", .size = 4096});
  const phys_addr_t o = b.alloc(c);
  CHECK(b.free(c, o + 16).verdict == SlabVerdict::unnoticed);
  SlubBench f(debug("slub_debug=F"));
  const cache_id d = f.create({.name = "big", .size = 4096});
  const phys_addr_t p = f.alloc(d);
  const SlabResult r = f.free(d, p + 16);
  CHECK(r.verdict == SlabVerdict::reported);
  CHECK(says(r, "BUG big (Not tainted): Invalid object pointer 0xffff888"));
  CHECK(f.free(d, p).ok());
}

TEST_CASE("misuse: an overflow is found in the red zone when the object is freed") {
  SlubBench b(debug("slub_debug=FZ"));
  const cache_id c = b.create({.name = "small", .size = 60});
  const phys_addr_t o = b.alloc(c);
  CHECK(write(b, o, 60, 0x41).verdict == SlabVerdict::done); // inside
  CHECK(write(b, o + 58, 4, 0x41).verdict == SlabVerdict::noticed);
  const SlabResult r = b.free(c, o);
  CAPTURE(text(r));
  CHECK(r.verdict == SlabVerdict::reported);
  CHECK(r.report[0] == "BUG small (Not tainted): Right Redzone overwritten");
  // bytes 60 and 61 of the object, which lies 8 bytes into its slot
  CHECK(r.report[1].ends_with("@offset=68. First byte 0x41 instead of 0xcc"));
  CHECK(says(r, "FIX small: Restoring Right Redzone 0x"));
  CHECK(says(r, "not freed"));
  CHECK(b.free(c, o).ok()); // restored: the second attempt goes through
  // and before the object
  const phys_addr_t p = b.alloc(c);
  write(b, phys_addr_t{p.v - 1}, 1, 0);
  CHECK(says(b.free(c, p), "Left Redzone overwritten"));
  // a byte that happens to be right is none
  const phys_addr_t q = b.alloc(c);
  write(b, q + 60, 1, 0xcc);
  CHECK(b.free(c, q).ok());
}

TEST_CASE("misuse: an overflow into the next object marks that one's red zone too") {
  SlubBench b(debug("slub_debug=FZ"));
  const cache_id c = b.create({.name = "small", .size = 64}); // slot: 8 before, 64, 8 behind, 8
  const phys_addr_t o = b.alloc(c), p = b.alloc(c);
  REQUIRE(p - o == b.slub.cache(c).layout.size);
  write(b, o, p - o, 0x41); // up to the neighbour's first byte
  CHECK(says(b.free(c, p), "Left Redzone overwritten"));
  CHECK(says(b.free(c, o), "Right Redzone overwritten"));
}

TEST_CASE("misuse: a write to a freed object is found when it is allocated again, and its slab taken out of use") {
  SlubBench b(debug("slub_debug=FP"));
  const cache_id c = b.create({.name = "big", .size = 2000});
  const auto o = b.alloc_many(c, 3);
  const std::string before = b.shape(c);
  b.free(c, o[1]);
  CHECK(write(b, o[1] + 100, 4, 0xee).verdict == SlabVerdict::noticed);
  const SlabResult r = b.get(c);
  CAPTURE(text(r));
  CHECK(says(r, "BUG big (Not tainted): Poison overwritten"));
  CHECK(says(r, "First byte 0xee instead of 0x6b"));
  CHECK(says(r, "FIX big: Marking all objects used"));
  CHECK(r.object.v != 0); // from another slab
  CHECK(b.slub.object_at(r.object).slab != b.slub.object_at(o[0]).slab);
  CHECK(b.shape(c).find("nowhere A8/8!") != std::string::npos);
  const SlabResult late = b.free(c, o[0]);
  CHECK(late.verdict == SlabVerdict::reported);
  CHECK(says(late, "Slab disabled since SLUB metadata consistency check failed"));
  // the last byte has a pattern of its own
  SlubBench e(debug("slub_debug=FP"));
  const cache_id d = e.create({.name = "big", .size = 2000});
  const phys_addr_t p = e.alloc(d);
  e.free(d, p);
  write(e, p + 1999, 1, 0);
  CHECK(says(e.get(d), "End Poison overwritten"));
}

TEST_CASE("misuse: a free pointer that was written over") {
  SlubBench b(debug("slub_debug=FP"));
  const cache_id c = b.create({.name = "big", .size = 2000}); // free pointer at 2000
  const phys_addr_t o = b.alloc(c);
  write(b, o + 2000, 8, 0x11);
  CHECK(says(b.free(c, o), "Freepointer corrupt"));
  write(b, o + 2008, 1, 0x11); // behind it: nothing there is checked but padding
  CHECK(b.slub.cache(c).layout.size == 2008);
}

TEST_CASE("misuse: what lies behind the last object, and an empty slab that goes back") {
  SlubBench b(debug("slub_debug=FP"));
  const cache_id c = b.create({.name = "odd", .size = 2200}); // 8 KiB: 3 of 2208, 1568 left; or larger
  const phys_addr_t o = b.alloc(c);
  const Slab &s = b.slub.slab(b.slub.object_at(o).slab);
  REQUIRE((u64{4096} << s.order) > u64{s.objects} * b.slub.cache(c).layout.size);
  write(b, o + u64{s.objects} * b.slub.cache(c).layout.size, 2, 0);
  CHECK(says(b.free(c, o), "Padding overwritten"));
  // poison of an object that nobody allocates again is looked at when its slab goes
  const phys_addr_t p = b.alloc(c);
  b.free(c, p);
  write(b, p, 1, 0);
  b.call([&](const SlabEnv &e) { return b.slub.kmem_cache_shrink(e, c); });
  CHECK(b.slub.reports() == 2);
}

TEST_CASE("misuse: without the option that would see it a write is not done, and the option is named") {
  SlubBench b;
  const cache_id c = b.create({.name = "big", .size = 2000});
  const phys_addr_t o = b.alloc(c);
  const SlabResult over = write(b, o + 1999, 2, 0);
  CHECK(over.verdict == SlabVerdict::unnoticed);
  CHECK(over.why.find("slub_debug=FZ") != std::string::npos);
  CHECK(write(b, o + 10, 4, 7).verdict == SlabVerdict::done);
  b.free(c, o);
  const SlabResult after = write(b, o, 1, 0);
  CHECK(after.verdict == SlabVerdict::unnoticed);
  CHECK(after.why.find("slub_debug=FP") != std::string::npos);
  CHECK(write(b, phys_addr_t{u64{60} << 20}, 1, 0).verdict == SlabVerdict::refused);
}

TEST_CASE("misuse: one object's bytes") {
  SlubBench b(debug("slub_debug=FZP"));
  const cache_id c = b.create({.name = "small", .size = 12});
  const phys_addr_t o = b.alloc(c);
  write(b, o + 2, 2, 0x41);
  const auto at = b.slub.object_at(o);
  const auto bytes = [&] {
    std::string s;
    for (const Slub::SlotByte &x : b.slub.slot_bytes(b.slub.slab(at.slab), at.object)) {
      append_hex(s, x.value, 2);
      s += "?o-|>.p!"[static_cast<std::size_t>(x.kind)];
      s += ' ';
    }
    return s;
  };
  // 8 red zone; 12 bytes, two of them written; red zone to 16; the free pointer; a word
  CHECK(bytes() == "cc| cc| cc| cc| cc| cc| cc| cc| 6b- 6b- 41! 41! 6b- 6b- 6b- 6b- 6b- 6b- 6b- a5- cc| cc| cc| cc| "
                   "00> 00> 00> 00> 00> 00> 00> 00> 5ap 5ap 5ap 5ap 5ap 5ap 5ap 5ap ");
  b.free(c, o);
  CHECK(bytes().starts_with("bb| bb| bb| bb| bb| bb| bb| bb| 6b- 6b- 6b- "));
}

TEST_CASE("misuse: debugging keeps slabs on lists: partial ones, and full ones with U") {
  SlubBench b(debug("slub_debug=FZPU"));
  const cache_id c = b.create({.name = "big", .size = 2000});
  const u32 n = b.slub.cache(c).layout.objects;
  const std::string of = concat('/', n);
  const auto o = b.alloc_many(c, n);
  CHECK(b.shape(c) == concat("node0 full A", n, of));
  b.alloc(c);
  CHECK(b.shape(c) == concat("node0 partial B1", of, " node0 full A", n, of));
  b.free(c, o[0]);
  CHECK(b.shape(c) == concat("node0 partial B1", of, " A", n - 1, of));
  SlubBench f(debug("slub_debug=F"));
  const cache_id d = f.create({.name = "big", .size = 4096});
  f.alloc_many(d, 8);
  CHECK(f.shape(d) == "nowhere A8/8");
}
