// struct page from 6.12 on: what only one use needs has moved into structures of their own (slab, ptdesc, folio), laid
// over the same bytes; a compound page's tails hold what its folio needs beyond the first page.
#include "desc/page_rows.hpp"

namespace mmscope::desc {

namespace {

using namespace page_option;
using U = PageUse;
constexpr u8 next_bit = PageFlag::next_bit;

constexpr std::string_view page_type = "what a page is that no one maps: the type in the upper byte";
constexpr std::string_view memcg_data = "the group that the page is charged to; low bits tell what is pointed to";
constexpr std::string_view share = "file systems with DAX: files that share the page";
constexpr std::string_view large_mapcount = "mappings of all its pages together, less one";
constexpr std::string_view entire_mapcount = "mappings of the compound page as a whole, less one";
constexpr std::string_view nr_mapped = "its pages that are mapped at all";
constexpr std::string_view pincount = "pins on the compound page";
constexpr std::string_view nr_pages = "pages of the compound page";
constexpr std::string_view flags_1 = "flags; the lowest byte is the order of the compound page";
constexpr std::string_view deferred = "link in the list of huge pages to be split under pressure";
constexpr std::string_view subpool = "hugetlb: the subpool that the page came from";
constexpr std::string_view hugetlb_cgroup = "hugetlb: the group that the page is charged to";
constexpr std::string_view hugetlb_rsvd = "hugetlb: the group that reserved it";
constexpr std::string_view hugetlb_poison = "hugetlb: its broken pages";

// --- 6.12 ---

constexpr PageMember members_6_12[] = {
    word("flags", say::flags),
    one_of(),
    in_use(U::cache),
    one_of(),
    list("lru", say::lru),
    in_use(U::mlocked),
    pointer("__filler", "even, so that the page is no tail"),
    integer("mlock_count", "locks on the unevictable page"),
    end(),
    when_used(U::free_block, list("buddy_list", "link in the free list of its order and migratetype")),
    when_used(U::pcp, list("pcp_list", "link in the CPU's list")),
    end(),
    pointer("mapping", say::mapping),
    one_of(),
    word("index", say::index),
    word("share", share),
    end(),
    word("private", say::private_),
    end(),
    in_use(U::pool),
    word("pp_magic", "a number that no other use has here: the page is a pool's"),
    pointer("pp", "the pool"),
    word("_pp_mapping_pad", say::pad),
    word("dma_addr", "the page's address as the card sees it"),
    word("pp_ref_count", "parts of the page in use"),
    end(),
    when_used(U::tail, word("compound_head", say::head)),
    in_use(U::device),
    pointer("pgmap", say::pgmap),
    pointer("zone_device_data", "the driver's own"),
    end(),
    when_used(U::rcu, rcu("rcu_head", say::rcu)),
    end(),
    one_of(),
    integer("page_type", page_type),
    integer("_mapcount", say::mapcount),
    end(),
    integer("_refcount", say::refcount),
    word("memcg_data", memcg_data, memcg),
    pointer("virtual", say::virtual_, virtual_address),
    integer("_last_cpupid", say::cpupid, last_cpupid),
    pointer("kmsan_shadow", "the page that tells which bits have been written", kmsan),
    pointer("kmsan_origin", "the page that tells where unwritten ones come from", kmsan),
};
constexpr PageMember slab_6_12[] = {
    word("__page_flags", "flags"),
    pointer("slab_cache", say::slab_cache),
    one_of(),
    together(),
    one_of(),
    list("slab_list", "link in the node's list of partial slabs"),
    together(),
    pointer("next", "next slab of the CPU's partial list"),
    integer("slabs", "… slabs on that list"),
    end(),
    end(),
    one_of(),
    together(),
    pointer("freelist", say::freelist),
    one_of(),
    word("counters", say::counters),
    together(),
    bits("inuse", 16, say::inuse),
    bits("objects", 15, say::objects),
    bits("frozen", 1, say::frozen),
    end(),
    end(),
    end(),
    pair("freelist_counter", "freelist and counters, exchanged in one go", aligned),
    end(),
    end(),
    when_used(U::rcu, rcu("rcu_head", say::rcu)),
    end(),
    integer("__page_type", "page_type"),
    integer("__page_refcount", "_refcount"),
    word("obj_exts", "whom each object is charged to", memcg),
};
constexpr PageMember table_6_12[] = {
    word("__page_flags", "flags"),
    one_of(),
    when_used(U::rcu, rcu("pt_rcu_head", say::rcu)),
    list("pt_list", "link in a list of page tables"),
    together(),
    word("_pt_pad_1", say::pad),
    pointer("pmd_huge_pte", say::pmd_huge_pte),
    end(),
    end(),
    word("__page_mapping", "mapping"),
    one_of(),
    word("pt_index", "s390: the address that a shadow table is for"),
    pointer("pt_mm", "x86: the mm that a top-level table belongs to"),
    integer("pt_frag_refcount", "powerpc: fragments of the page in use"),
    integer("pt_share_count", "processes that share the table of huge pages", word_64),
    end(),
    one_of(),
    word("_pt_pad_2", say::pad),
    spinlock("ptl", say::ptl),
    end(),
    integer("__page_type", "page_type"),
    integer("__page_refcount", "_refcount"),
    word("pt_memcg_data", "memcg_data", memcg),
};
constexpr PageMember first_tail_6_12[] = {
    word("_flags_1", flags_1),
    when_used(U::tail, word("_head_1", say::head)),
    integer("_large_mapcount", large_mapcount),
    integer("_entire_mapcount", entire_mapcount),
    integer("_nr_pages_mapped", nr_mapped),
    integer("_pincount", pincount),
    integer("_folio_nr_pages", nr_pages, word_64),
};
constexpr PageMember second_tail_6_12[] = {
    one_of(),
    together(),
    word("_flags_2", "flags"),
    word("_head_2", say::head),
    pointer("_hugetlb_subpool", subpool),
    pointer("_hugetlb_cgroup", hugetlb_cgroup),
    pointer("_hugetlb_cgroup_rsvd", hugetlb_rsvd),
    pointer("_hugetlb_hwpoison", hugetlb_poison),
    end(),
    together(),
    word("_flags_2a", "flags"),
    word("_head_2a", say::head),
    list("_deferred_list", deferred),
    end(),
    end(),
};
constexpr PageOverlay overlays_6_12[] = {
    {"slab", 0, U::slab, slab_6_12, "mm/slab.h struct slab (v6.12)"},
    {"ptdesc", 0, U::table, table_6_12, "include/linux/mm_types.h struct ptdesc (v6.12)"},
    {"folio page 1", 1, U::first_tail, first_tail_6_12, "include/linux/mm_types.h struct folio (v6.12)"},
    {"folio page 2", 2, U::second_tail, second_tail_6_12, "BTF of 6.12.107+deb13-amd64, struct folio"},
};

// --- 7.2 ---

constexpr PageMember members_7_2[] = {
    word("flags", say::flags),
    one_of(),
    in_use(U::cache),
    one_of(),
    list("lru", say::lru),
    when_used(U::free_block, list("buddy_list", "link in the free list of its order and migratetype")),
    when_used(U::pcp, list("pcp_list", "link in the CPU's list")),
    when_used(U::pcp, pointer("pcp_llist", "link among pages freed where the list's lock could not be had")),
    end(),
    pointer("mapping", say::mapping),
    one_of(),
    word("__folio_index", "the folio's index"),
    word("share", share),
    end(),
    word("private", say::private_),
    end(),
    in_use(U::pool),
    word("pp_magic", "a number that no other use has here: the page is a pool's"),
    pointer("pp", "the pool"),
    word("_pp_mapping_pad", say::pad),
    word("dma_addr", "the page's address as the card sees it"),
    word("pp_ref_count", "parts of the page in use"),
    end(),
    when_used(U::tail, word("compound_info", "where the first page is, bit 0 set as the mark of a tail")),
    in_use(U::device),
    pointer("_unused_pgmap_compound_info", "the folio's pgmap, or compound_info"),
    pointer("zone_device_data", "the driver's own"),
    end(),
    when_used(U::rcu, rcu("rcu_head", say::rcu)),
    end(),
    one_of(),
    integer("page_type", page_type),
    integer("_mapcount", say::mapcount),
    end(),
    integer("_refcount", say::refcount),
    word("memcg_data", memcg_data, memcg),
    pointer("virtual", say::virtual_, virtual_address),
    integer("_last_cpupid", say::cpupid, last_cpupid),
};
constexpr PageMember slab_7_2[] = {
    word("flags", say::flags),
    pointer("slab_cache", say::slab_cache),
    one_of(),
    together(),
    list("slab_list", "link in the node's list of partial slabs"),
    one_of(),
    together(),
    pointer("freelist", say::freelist),
    one_of(),
    word("counters", say::counters),
    together(),
    bits("inuse", 16, say::inuse),
    bits("objects", 15, say::objects),
    bits("frozen", 1, say::frozen),
    integer("stride", "bytes from one object's extra data to the next", word_64),
    end(),
    end(),
    end(),
    pair("freelist_counters", "freelist and counters, exchanged in one go", aligned),
    end(),
    end(),
    when_used(U::rcu, rcu("rcu_head", say::rcu)),
    end(),
    integer("__page_type", "page_type"),
    integer("__page_refcount", "_refcount"),
    word("obj_exts", "whom each object is charged to", memcg),
};
constexpr PageMember folio_7_2[] = {
    word("flags", say::flags),
    one_of(),
    list("lru", say::lru),
    in_use(U::mlocked),
    pointer("__filler", "even, so that the page is no tail"),
    integer("mlock_count", "locks on the unevictable page"),
    end(),
    when_used(U::device, pointer("pgmap", say::pgmap)),
    end(),
    pointer("mapping", say::mapping),
    one_of(),
    word("index", say::index),
    word("share", share),
    end(),
    one_of(),
    pointer("private", say::private_),
    word("swap", "the swap entry"),
    end(),
    integer("_mapcount", say::mapcount),
    integer("_refcount", say::refcount),
    word("memcg_data", memcg_data, memcg),
};
constexpr PageMember first_tail_7_2[] = {
    word("_flags_1", flags_1),
    when_used(U::tail, word("_head_1", "compound_info")),
    integer("_large_mapcount", large_mapcount),
    integer("_nr_pages_mapped", nr_mapped),
    integer("_entire_mapcount", entire_mapcount),
    integer("_pincount", pincount),
    word("_mm_id_mapcount", "mappings by each of two address spaces, less one"),
    one_of(),
    word("_mm_id", "the two address spaces"),
    word("_mm_ids", "… as one word"),
    end(),
    integer("_mapcount_1", "_mapcount of the second page"),
    integer("_refcount_1", "_refcount of the second page"),
    integer("_nr_pages", nr_pages),
};
constexpr PageMember second_tail_7_2[] = {
    word("_flags_2", "flags"),
    word("_head_2", "compound_info"),
    list("_deferred_list", deferred),
};
constexpr PageMember third_tail_7_2[] = {
    word("_flags_3", "flags"),
    word("_head_3", "compound_info"),
    pointer("_hugetlb_subpool", subpool),
    pointer("_hugetlb_cgroup", hugetlb_cgroup),
    pointer("_hugetlb_cgroup_rsvd", hugetlb_rsvd),
    pointer("_hugetlb_hwpoison", hugetlb_poison),
};
constexpr std::string_view btf_7_2 = "BTF of 7.2.13+deb14-amd64 and -arm64";
// How the tails look with 32-bit words no record shows.
constexpr PageOverlay overlays_7_2[] = {
    {"slab", 0, U::slab, slab_7_2, btf_7_2},
    {"folio", 0, U::cache, folio_7_2, btf_7_2},
    {"folio page 1", 1, U::first_tail, first_tail_7_2, btf_7_2, word_64},
    {"folio page 2", 2, U::second_tail, second_tail_7_2, btf_7_2, word_64},
    {"folio page 3", 3, U::third_tail, third_tail_7_2, btf_7_2, word_64},
};

// --- flags and types ---

constexpr PageFlag flags_6_12[] = {
    {"locked", 0},
    {"writeback", 1},
    {"referenced", 2},
    {"uptodate", 3},
    {"dirty", 4},
    {"lru", 5},
    {"head", 6},
    {"waiters", 7},
    {"active", 8},
    {"workingset", 9},
    {"owner_priv_1", 10},
    {"owner_2", 11},
    {"arch_1", 12},
    {"reserved", 13},
    {"private", 14},
    {"private_2", 15},
    {"reclaim", 16},
    {"swapbacked", 17},
    {"unevictable", 18},
    {"mlocked", 19},
    {"hwpoison", next_bit, hwpoison},
    {"young", next_bit, idle | word_64},
    {"idle", next_bit, idle | word_64},
    {"arch_2", next_bit, arch_2},
    {"arch_3", next_bit, arch_3},
};
constexpr PageFlag flags_7_2[] = {
    {"locked", 0},
    {"writeback", 1},
    {"referenced", 2},
    {"uptodate", 3},
    {"dirty", 4},
    {"lru", 5},
    {"head", 6},
    {"waiters", 7},
    {"active", 8},
    {"workingset", 9},
    {"owner_priv_1", 10},
    {"owner_2", 11},
    {"arch_1", 12},
    {"reserved", 13},
    {"private", 14},
    {"private_2", 15},
    {"reclaim", 16},
    {"swapbacked", 17},
    {"unevictable", 18},
    {"dropbehind", 19},
    {"mlocked", 20},
    {"hwpoison", next_bit, hwpoison},
    {"young", next_bit, idle | word_64},
    {"idle", next_bit, idle | word_64},
    {"arch_2", next_bit, arch_2},
    {"arch_3", next_bit, arch_3},
};
constexpr PageFlagAlias aliases_6_12[] = {
    {"readahead", "reclaim"},
    {"swapcache", "owner_priv_1"},
    {"checked", "owner_priv_1"},
    {"anon_exclusive", "owner_2"},
    {"mappedtodisk", "owner_2"},
    {"fscache", "private_2"},
    {"pinned", "owner_priv_1"},
    {"savepinned", "dirty"},
    {"foreign", "owner_priv_1"},
    {"xen_remapped", "owner_priv_1"},
    {"isolated", "reclaim"},
    {"reported", "uptodate"},
    {"vmemmap_self_hosted", "owner_priv_1"},
    {"has_hwpoisoned", "active"},
    {"large_rmappable", "workingset"},
    {"partially_mapped", "reclaim"},
};
constexpr PageFlagAlias aliases_7_2[] = {
    {"readahead", "reclaim"},
    {"swapcache", "owner_priv_1"},
    {"checked", "owner_priv_1"},
    {"anon_exclusive", "owner_2"},
    {"mappedtodisk", "owner_2"},
    {"fscache", "private_2"},
    {"pinned", "owner_priv_1"},
    {"savepinned", "dirty"},
    {"foreign", "owner_priv_1"},
    {"xen_remapped", "owner_priv_1"},
    {"movable_ops_isolated", "reclaim"},
    {"movable_ops", "uptodate"},
    {"reported", "uptodate"},
    {"vmemmap_self_hosted", "owner_priv_1"},
    {"has_hwpoisoned", "active"},
    {"large_rmappable", "workingset"},
    {"partially_mapped", "reclaim"},
};

constexpr PageType in_byte(std::string_view name, u32 type) { return {name, type << 24, 0xff000000, type << 24}; }
constexpr PageType types_6_12[] = {
    in_byte("buddy", 0xf0),   in_byte("offline", 0xf1), in_byte("table", 0xf2),    in_byte("guard", 0xf3),
    in_byte("hugetlb", 0xf4), in_byte("slab", 0xf5),    in_byte("zsmalloc", 0xf6), in_byte("unaccepted", 0xf7),
};
constexpr PageMeaning meanings_6_12[] = {
    {U::free_block, "private", "the block's order, in its first page"},
    {U::free_block, "page_type", "the type buddy in the block's first page"},
    {U::pcp, "index", "the migratetype"},
};
constexpr PageMeaning meanings_7_2[] = {
    {U::free_block, "private", "the block's order, in its first page"},
    {U::free_block, "page_type", "the type buddy in the block's first page"},
};

} // namespace

const PageRow page_6_12{
    .name = "6.12",
    .members = members_6_12,
    .overlays = overlays_6_12,
    .flags = flags_6_12,
    .aliases = aliases_6_12,
    .types = types_6_12,
    .meanings = meanings_6_12,
    .free_mark = "page_type's upper byte is 0xf0, with the order in private",
    .rules = {.generations = true},
    .map = {},
    .usual = memcg | aligned | hwpoison | idle | arch_2,
    .source = "include/linux/mm_types.h struct page (v6.12); BTF of 6.12.107+deb13-amd64",
    .flags_source = "include/linux/page-flags.h (v6.12); BTF of the same kernel",
};

const PageRow page_7_2{
    .name = "7.2",
    .members = members_7_2,
    .overlays = overlays_7_2,
    .flags = flags_7_2,
    .aliases = aliases_7_2,
    .types = {}, // BTF does not tell them
    .meanings = meanings_7_2,
    .free_mark = "page_type names it a block of the buddy allocator, with the order in private",
    .rules = {.generations = true},
    .map = {},
    .usual = memcg | aligned | hwpoison | idle | arch_2,
    .source = "BTF of 7.2.13+deb14-amd64 and -arm64; 36 bytes with 32-bit words: recorded boots of 7.2 on arm",
    .flags_source = btf_7_2,
};

} // namespace mmscope::desc
