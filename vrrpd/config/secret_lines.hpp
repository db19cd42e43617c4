// For load(): see secret_lines.cpp.
#pragma once

#include "vrrpd/config/parse.hpp"

namespace vrrpd::config {

void read_key_files(Loaded& loaded, FileSource& files);

}  // namespace vrrpd::config
