#include "io/old_views.hpp"

#include "base/text.hpp"

namespace mmscope {

namespace {

// fn(first page, pages, reserved) for neighbours of one kind.
template <class Fn> void for_each_run(const bootmem_data &b, Fn &&fn) {
  if (b.is_gone()) return;
  for (pfn_t p = b.start(); p < b.end();) {
    pfn_t q = p + 1;
    while (q < b.end() && b.reserved(q) == b.reserved(p)) q += 1;
    fn(p, q - p, b.reserved(p));
    p = q;
  }
}

constexpr u64 drawn_pairs = 64; // a longer map is told by its set bits

void append_map(std::string &out, const PairZone &z, order_t order) {
  if (!z.has_map(order)) {
    out += "  no map";
    return;
  }
  const u64 pairs = z.pairs(order);
  out += pairs <= drawn_pairs ? "  pairs" : "  pairs set";
  bool any = false;
  for (u64 i = 0; i < pairs; ++i) {
    const bool bit = z.bit(order, i);
    if (pairs <= drawn_pairs)
      out += bit ? " 1" : " 0";
    else if (bit)
      append(out, ' ', i);
    any = any || bit;
  }
  if (pairs > drawn_pairs) append(out, any ? "" : " none", " of ", pairs);
}

} // namespace

void append_pairs(std::string &out, const System &s) {
  for (const PairZone &z : s.pair_zones) {
    append(out, "zone ", z.id(), ": pages ", z.rules().start.v, "-", z.end().v - 1, ", ", z.free_pages(), " free, the ",
           z.rules().take == PairTake::upper ? "upper" : "lower", " half is given out\n");
    for (unsigned o = 0; o < z.rules().orders; ++o) {
      append(out, "order ", o, "  list");
      bool any = false;
      z.for_each_block(order_t{o}, [&](pfn_t p) {
        append(out, ' ', p.v);
        any = true;
      });
      if (!any) out += " -";
      append_map(out, z, order_t{o});
      out += '\n';
    }
  }
}

void append_bootmem(std::string &out, const System &s) {
  if (!s.bootmem) return;
  const bootmem_data &b = *s.bootmem;
  append(out, "bootmem: pages ", b.start().v, "-", b.end().v - 1, ", bitmap of ", b.map_bytes(), " bytes at page 0x");
  append_hex(out, b.mapstart().v);
  if (b.is_gone()) {
    out += ", given away\n";
    return;
  }
  append(out, ", last_pos ", b.last_pos(), ", last_offset 0x");
  append_hex(out, b.last_offset());
  if (b.rules().resume != BootmemResume::no) {
    out += ", last_success 0x";
    append_hex(out, b.last_success());
  }
  out += '\n';
  for_each_run(b, [&](pfn_t first, u64 count, bool reserved) {
    append(out, reserved ? "reserved " : "free     ", first.v, "-", first.v + count - 1, '\n');
  });
}

void write_old(JsonWriter &w, const System &s) {
  if (s.bootmem) {
    const bootmem_data &b = *s.bootmem;
    w.key("bootmem").begin_object().key("start").number(b.start().v).key("end").number(b.end().v);
    w.key("mapstart").number(b.mapstart().v).key("map_bytes").number(b.map_bytes()).key("given_away");
    w.boolean(b.is_gone()).key("last_pos").number(b.last_pos()).key("last_offset").number(b.last_offset());
    w.key("last_success").number(b.last_success()).key("runs").begin_array();
    for_each_run(b, [&](pfn_t first, u64 count, bool reserved) {
      w.begin_array().number(first.v).number(count).boolean(reserved).end_array();
    });
    w.end_array().end_object();
  }
  if (s.pair_zones.empty()) return;
  w.key("pair_zones").begin_array();
  for (const PairZone &z : s.pair_zones) {
    w.begin_object().key("start").number(z.rules().start.v).key("pages").number(z.rules().pages);
    w.key("free").number(z.free_pages()).key("take").string(z.rules().take == PairTake::upper ? "upper" : "lower");
    w.key("orders").begin_array();
    for (unsigned o = 0; o < z.rules().orders; ++o) {
      const order_t order{o};
      w.begin_object().key("list").begin_array();
      z.for_each_block(order, [&](pfn_t p) { w.number(p.v); });
      w.end_array().key("pairs_set");
      if (!z.has_map(order)) {
        w.null().end_object();
        continue;
      }
      w.begin_array();
      for (u64 i = 0; i < z.pairs(order); ++i)
        if (z.bit(order, i)) w.number(i);
      w.end_array().end_object();
    }
    w.end_array().end_object();
  }
  w.end_array();
}

} // namespace mmscope
