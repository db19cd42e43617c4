// Handlers that several tables share: "put the argument there". Internal to vrrpd/config.
#pragma once

#include <limits>

#include "vrrpd/config/reader.hpp"
#include "vrrpd/config/script_words.hpp"

namespace vrrpd::config {

inline constexpr std::int64_t any = std::numeric_limits<std::int32_t>::max();  // no upper bound worth naming
inline constexpr std::int64_t second = 1'000'000;                              // of a decimal, in millionths
inline constexpr std::int64_t day = 86'400;                                    // in seconds
inline constexpr std::int64_t longest_delay = 4294;                            // in seconds, keepalived's likewise
inline constexpr std::int64_t any_time = 4'294'967'295;                        // 32 bits of microseconds, keepalived's

template <auto Field>
void set_announce(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s)) reader.instance().announce.*Field = static_cast<unsigned>(*value);
}

template <auto Field>
void set_global_announce(Reader& reader, const Statement& s) {
    if (const auto value = reader.integer(s)) reader.draft().globals.announce.*Field = static_cast<unsigned>(*value);
}

// How often a thing is announced: 0 is reported, and counts as 1.
[[nodiscard]] std::optional<unsigned> announce_count(Reader& reader, const Statement& s);
template <auto Field>
void set_announce_count(Reader& reader, const Statement& s) {
    if (const auto value = announce_count(reader, s)) reader.instance().announce.*Field = *value;
}
template <auto Field>
void set_global_announce_count(Reader& reader, const Statement& s) {
    if (const auto value = announce_count(reader, s)) reader.draft().globals.announce.*Field = *value;
}

// A flag or an optional switch of an instance.
template <auto Field>
void switch_instance(Reader& reader, const Statement& s) {
    const auto value = s.keyword.shape == Shape::optional_switch ? reader.boolean(s) : std::optional<bool>(true);
    if (value) reader.instance().*Field = *value;
}

template <auto Field>
void switch_global(Reader& reader, const Statement& s) {
    const auto value = s.keyword.shape == Shape::optional_switch ? reader.boolean(s) : std::optional<bool>(true);
    if (value) reader.draft().globals.*Field = *value;
}

// "GROUP", or ":GROUP" as newer files write it.
[[nodiscard]] inline std::string group_name(const std::string& word) {
    return word.starts_with(':') ? word.substr(1) : word;
}

// SCRIPT [USER [GROUP]]
[[nodiscard]] inline Script script_of(const Statement& s) {
    Script script;
    if (s.size() > 1) script.words = split_command(s.word(1));
    if (s.size() > 2) script.user = s.word(2);
    if (s.size() > 3) script.group = group_name(s.word(3));
    return script;
}

// notify and its kin, of the instance or the sync group that is being read.
void set_notify(Reader& reader, const Statement& s, Script& into);
[[nodiscard]] inline NotifyDraft& notify_of(Reader& reader) {
    return reader.in_group() ? reader.draft().groups.back().notify : reader.instance().notify;
}
template <auto Field>
void read_notify(Reader& reader, const Statement& s) {
    set_notify(reader, s, notify_of(reader).value.*Field);
}
void read_notify_deleted(Reader& reader, const Statement& s);
void read_use_vmac(Reader& reader, const Statement& s);
void read_use_vmac_addr(Reader& reader, const Statement& s);
void read_vmac_xmit_base(Reader& reader, const Statement& s);
void read_priority_changes(Reader& reader, const Statement& s);
void read_mail_switch(Reader& reader, const Statement& s);

// smtp_server and its kin, of global_defs.
void add_mail_recipients(Reader& reader, const Statement& s);
void set_mail_sender(Reader& reader, const Statement& s);
void set_mail_server(Reader& reader, const Statement& s);
void set_mail_helo(Reader& reader, const Statement& s);
void set_mail_timeout(Reader& reader, const Statement& s);
void forbid_mail_of_faults(Reader& reader, const Statement& s);

// [all] SECONDS, of global_defs or of the instance that is being read.
void set_extra_announcements(Reader& reader, const Statement& s, AnnounceDraft& into);
// garp_group.
void open_garp_group(Reader& reader, const Statement& s);

// Block openers that have nothing of their own to do.
inline void enter_block(Reader& reader, const Statement& s) { reader.enter(s); }

}  // namespace vrrpd::config
