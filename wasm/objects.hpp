// objects.hpp: the slab allocator in JSON, for web/page/objects.ts, which has the shapes.
#pragma once

#include <string>

#include "lab/lab.hpp"

namespace mmscope::objects {

/// All caches as /proc/slabinfo counts them, newest first.
std::string caches(const Lab &lab);
/// One cache: its layout, its CPUs' and nodes' slabs, and its slabs object by object, at most `most` of them; or "null".
std::string cache(const Lab &lab, unsigned id, unsigned most);
/// The slot of the object at an address, byte by byte, or "null" when no slab is there.
std::string object(const Lab &lab, u64 address);

} // namespace mmscope::objects
