#include "io/slab_views.hpp"

#include "base/text.hpp"

#include <initializer_list>

namespace mmscope {

namespace {

struct Column {
  u64 value;
  unsigned width;
};
void append_columns(std::string &out, std::initializer_list<Column> columns) {
  for (const Column &c : columns) {
    out += ' ';
    append_padded(out, c.value, c.width);
  }
}
void append_name(std::string &out, std::string_view name) {
  out += name;
  if (name.size() < 17) out.append(17 - name.size(), ' ');
}

// 2.4's s_show: the cache of caches first, then from the newest to the oldest.
void append_first_version(std::string &out, const SlabHeap &h) {
  const bool smp = h.machine().cpu_node.size() > 1;
  append(out, "slabinfo - version: 1.1", smp ? " (SMP)" : "", '\n');
  std::vector<u32> order = h.chain();
  order.insert(order.begin(), order.back());
  order.pop_back();
  for (const u32 cache : order) {
    const OldCache &c = h.caches()[cache];
    const SlabHeap::Counts n = h.counts(cache);
    append_name(out, c.name);
    append_columns(out, {{n.active_objs, 6},
                         {n.num_objs, 6},
                         {c.layout.size, 6},
                         {n.active_slabs, 4},
                         {n.num_slabs, 4},
                         {u64{1} << c.layout.order, 4}});
    if (smp) {
      out += " :";
      append_columns(out, {{c.get(old_cache_field::limit), 4}, {c.get(old_cache_field::batchcount), 4}});
    }
    out += '\n';
  }
}

} // namespace

bool has_slab(const System &s) { return s.old_slabs && s.old_slabs.get()->slab; }

void append_old_slabinfo(std::string &out, const SlabHeap &h) {
  if (!h.rules().nodes) {
    append_first_version(out, h);
    return;
  }
  out += "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : "
         "tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n";
  for (const u32 cache : h.chain()) {
    const OldCache &c = h.caches()[cache];
    const SlabHeap::Counts n = h.counts(cache);
    append_name(out, c.name);
    append_columns(
        out,
        {{n.active_objs, 6}, {n.num_objs, 6}, {c.layout.size, 6}, {c.layout.num, 4}, {u64{1} << c.layout.order, 4}});
    out += " : tunables";
    append_columns(out, {{c.get(old_cache_field::limit), 4},
                         {c.get(old_cache_field::batchcount), 4},
                         {c.get(old_cache_field::shared), 4}});
    out += " : slabdata";
    append_columns(out, {{n.active_slabs, 6}, {n.num_slabs, 6}, {n.shared_avail, 6}});
    out += '\n';
  }
}

void append_slob(std::string &out, const System &s) {
  if (!s.old_slabs || !s.old_slabs.get()->slob) return;
  const SlobHeap &h = *s.old_slabs.get()->slob;
  u64 full = 0;
  for (const auto &[page, p] : h.pages()) full += p.units == 0 ? 1u : 0u;
  append(out, "slob: ", h.pages().size(), " pages, ", full, " of them full\n");
  for (const SlobList list : {SlobList::small, SlobList::medium, SlobList::large}) {
    std::string name(slob_list_name(list));
    name.resize(8, ' ');
    if (h.list(list).empty()) append(out, name, "-\n");
    for (const u64 page : h.list(list)) {
      const SlobPage &p = h.pages().at(page);
      append(out, name, "0x");
      append_hex(out, page);
      append(out, ": ", p.units, " units free:");
      for (std::size_t b = 0; b < p.free.size(); ++b) {
        append(out, ' ', p.free[b].offset, '+', p.free[b].units, " [");
        bool first = true;
        for (const i64 word : h.words_of(p, b)) {
          append(out, first ? "" : " ", word);
          first = false;
        }
        out += ']';
      }
      out += '\n';
      name = "        ";
    }
  }
  for (const auto &[page, order] : h.large()) {
    out += "pages   0x";
    append_hex(out, page);
    append(out, ": order ", u32{order}, '\n');
  }
}

void write_old_slabs(JsonWriter &w, const System &s) {
  if (!s.old_slabs) return;
  if (const auto &h = s.old_slabs.get()->slab) {
    w.key("slab").begin_object().key("rules").string(h->rules().name).key("caches").begin_array();
    for (const u32 cache : h->chain()) {
      const OldCache &c = h->caches()[cache];
      const CacheLayout &l = c.layout;
      const SlabHeap::Counts n = h->counts(cache);
      w.begin_object().key("cache").number(cache).key("name").string(c.name).key("object_size").number(l.object_size);
      w.key("size").number(l.size).key("objects").number(l.num).key("order").number(l.order);
      w.key("books").string(books_place_name(l.books)).key("books_size").number(l.books_size);
      w.key("colours").number(l.colour).key("colour_off").number(l.colour_off);
      w.key("limit").number(c.get(old_cache_field::limit)).key("batchcount").number(c.get(old_cache_field::batchcount));
      w.key("shared").number(c.get(old_cache_field::shared)).key("active_objs").number(n.active_objs);
      w.key("num_objs").number(n.num_objs).key("active_slabs").number(n.active_slabs);
      w.key("num_slabs").number(n.num_slabs).key("sharedavail").number(n.shared_avail).end_object();
    }
    w.end_array().end_object();
  }
  if (const auto &h = s.old_slabs.get()->slob) {
    w.key("slob").begin_object().key("unit").number(h->rules().unit()).key("pages").begin_array();
    for (const auto &[page, p] : h->pages()) {
      w.begin_object().key("page").number(page).key("list").string(slob_list_name(p.list)).key("free").begin_array();
      for (const SlobBlock &b : p.free) w.begin_array().number(b.offset).number(b.units).end_array();
      w.end_array().end_object();
    }
    w.end_array().key("large").begin_array();
    for (const auto &[page, order] : h->large()) w.begin_array().number(page).number(order).end_array();
    w.end_array().end_object();
  }
}

} // namespace mmscope
