// For load(): see route_names.cpp.
#pragma once

#include "vrrpd/config/parse.hpp"

namespace vrrpd::config {

void read_route_names(Loaded& loaded, FileSource& files);

}  // namespace vrrpd::config
