// A trace: recording, spans, and events as text.
#include "trace/trace.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

TEST_CASE("trace: events come out in order with their fields") {
  Trace t;
  t.emit(EventKind::lab_memblock_grow, {1, 256, 0xfe000, 0x1800});
  emit(&t, EventKind::lab_memblock_retry, {2});
  emit(nullptr, EventKind::lab_memblock_retry, {2});
  CHECK(t.events().size() == 2);
  CHECK(t.events()[0].f[2] == 0xfe000);
  CHECK(to_text(t, t.events()[0]) == "lab_memblock_grow list=1 max=256 array=0xfe000 size=0x1800");
  CHECK(to_text(t, t.events()[1]) == "lab_memblock_retry wish=2");
}

TEST_CASE("trace: each unit in its own form") {
  Trace t;
  t.emit(EventKind::lab_memblock_insert, {0, 3, 0x1000, 0x20, field(no_node), 4});
  CHECK(to_text(t, t.events()[0]) == "lab_memblock_insert list=0 index=3 base=0x1000 size=0x20 nid=-1 flags=0x4");
  CHECK(t.events()[0].node(4) == no_node);
  t.emit(EventKind::lab_buddy_merge, {0x100, 0x101, 3});
  CHECK(to_text(t, t.events()[1]) == "lab_buddy_merge pfn=0x100 buddy=0x101 order=3");
  t.emit(EventKind::lab_line, {t.text_id("On node 0")});
  CHECK(to_text(t, t.events()[2]) == "lab_line line=On node 0");
}

TEST_CASE("trace: a call and its return enclose what happens within") {
  Trace t;
  {
    Call outer(&t, "memblock_add", "e820__memblock_setup", {0x1000, 0x2000});
    {
      Call inner(&t, "memblock_reserve");
      inner.result(7);
    }
    outer.result(9);
  }
  CHECK(t.events().size() == 4);
  CHECK(to_text(t, t.events()[0]) ==
        "lab_call name=memblock_add caller=e820__memblock_setup a=4096 b=8192 c=0 d=0 e=0");
  CHECK(to_text(t, t.events()[1]) == "lab_call name=memblock_reserve caller= a=0 b=0 c=0 d=0 e=0");
  CHECK(to_text(t, t.events()[2]) == "lab_return result=7");
  CHECK(to_text(t, t.events()[3]) == "lab_return result=9");
  Call nowhere(nullptr, "memblock_add");
  CHECK(t.events().size() == 4);
}

TEST_CASE("trace: equal texts have one id that outlives clear") {
  Trace t;
  const u64 a = t.text_id("memblock_add");
  CHECK(t.text_id("memblock_remove") != a);
  t.clear();
  CHECK(t.text_id("memblock_add") == a);
  CHECK(t.text(a) == "memblock_add");
}

TEST_CASE("trace: events can be taken away") {
  Trace t;
  t.emit(EventKind::lab_return, {1});
  CHECK(t.take_events().size() == 1);
  CHECK(t.events().empty());
}
