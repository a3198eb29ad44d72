// page_tables.hpp: the tables of the page allocator at work: CPUs' page lists, the walk of the request that is shown,
// pageblocks and fragmentation.
//
// A cell that is a sentence is its key in web/page/locale and what stands in it: "refill cpu=0 got=63 asked=63".
#pragma once

#include "lab/lab.hpp"
#include "table_rows.hpp"

namespace mmscope::facts {

void cpus(Rows &rows, const Lab &lab);          // node, zone, CPU, count, high, batch, free_factor, next drain
void cpu_lists(Rows &rows, const Lab &lab);     // node, zone, CPU, list, order, migratetype, blocks, first of them
void walk(Rows &rows, const Lab &lab);          // what, zone, free, usable, min, reserve, verdict
void pageblocks(Rows &rows, const Lab &lab);    // node, zone, migratetype, pageblocks, free pages on its lists
void fragmentation(Rows &rows, const Lab &lab); // node, zone, order, free blocks, unusable, extfrag
void caches(
    Rows &rows,
    const Lab &lab); // name, objects in use, all of them, object and slot size, a slab's objects and order, slabs
void slabs(Rows &rows,
           const Lab &lab); // of every cache: cache, first page, where, CPU, node, objects in use, all, the free ones

} // namespace mmscope::facts
