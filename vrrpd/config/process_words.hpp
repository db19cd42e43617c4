// Handlers of the words that say how the daemon itself runs (ProcessSettings), for the tables of the top level and of
// global_defs. Internal to vrrpd/config.
#pragma once

#include "vrrpd/config/reader.hpp"

namespace vrrpd::config {

template <auto Field>
void set_process_word(Reader& reader, const Statement& s) {
    reader.draft().config.process.edit().*Field = s.word(1);
}

template <auto Field>
void set_process_switch(Reader& reader, const Statement& s) {
    const auto value = s.keyword.shape == Shape::optional_switch ? reader.boolean(s) : std::optional<bool>(true);
    if (value) reader.draft().config.process.edit().*Field = *value;
}

// Part of the names of files.
template <auto Field>
void set_process_identity(Reader& reader, const Statement& s) {
    if (s.word(1).find('/') == std::string::npos)
        reader.draft().config.process.edit().*Field = s.word(1);
    else
        reader.fault(Severity::error, s.place(1), "a name without / is meant here: it becomes part of file names");
}

void set_max_auto_priority(Reader& reader, const Statement& s);
void set_min_auto_delay(Reader& reader, const Statement& s);
void set_process_name(Reader& reader, const Statement& s);
void set_engine_name(Reader& reader, const Statement& s);
void set_nice(Reader& reader, const Statement& s);
void set_cpus(Reader& reader, const Statement& s);
void set_cpu_limit(Reader& reader, const Statement& s);
void set_child_wait(Reader& reader, const Statement& s);
void set_umask(Reader& reader, const Statement& s);
void set_reload_check(Reader& reader, const Statement& s);
void set_reload_marker(Reader& reader, const Statement& s);

}  // namespace vrrpd::config
