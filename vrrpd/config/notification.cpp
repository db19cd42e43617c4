// Who is told of a new state: notify and its kin, the FIFOs, mail.
#include <fmt/format.h>

#include <algorithm>

#include "vrrpd/config/handlers.hpp"

namespace vrrpd::config {

void set_notify(Reader& reader, const Statement& s, Script& into) {
    if (into.is_given()) {
        reader.fault(Severity::error, s.place(),
                     fmt::format("{} is given twice: the first one counts", s.keyword.name));
        return;
    }
    into = script_of(s);
    if (into.is_given()) return;
    reader.fault(Severity::error, s.place(1), fmt::format("{} names no script: write its path", s.keyword.name));
}

void read_notify_deleted(Reader& reader, const Statement& s) {
    auto& notify = notify_of(reader).value;
    notify.deleted_state = true;
    if (s.size() > 1) set_notify(reader, s, notify.deleted);
}

void read_priority_changes(Reader& reader, const Statement& s) {
    if (const auto value = reader.boolean(s)) notify_of(reader).priority_changes = value;
}

void read_mail_switch(Reader& reader, const Statement& s) {
    const auto value = reader.boolean(s);
    if (!value) return;
    auto& notify = notify_of(reader);
    notify.mail = value;
    notify.mail_place = s.place();
}

// ---- how mail is sent ---------------------------------------------------------------------------------------

namespace {

Mail& mail_of(Reader& reader) { return reader.draft().config.notification.mail; }

}  // namespace

// Each word is one, whole: "Ops <ops@example.org>" in quotes, too.
void add_mail_recipients(Reader& reader, const Statement& s) {
    for (const auto& word : s.line.words) mail_of(reader).to.push_back(word.text);
}

void set_mail_sender(Reader& reader, const Statement& s) { mail_of(reader).from = s.word(1); }
void set_mail_helo(Reader& reader, const Statement& s) { mail_of(reader).helo = s.word(1); }
void forbid_mail_of_faults(Reader& reader, const Statement&) { mail_of(reader).faults = false; }

void set_mail_server(Reader& reader, const Statement& s) {
    constexpr std::int64_t last_port = 65'535;
    const auto port = s.size() > 2 ? parse_integer(s.word(2)) : std::optional<std::int64_t>(mail_of(reader).port);
    if (!port || *port < 1 || *port > last_port) {
        reader.fault(Severity::error, s.place(2),
                     fmt::format("smtp_server {}: '{}' is no port, so no mail is sent: write a number from 1 to {}",
                                 s.word(1), s.word(2), last_port));
        return;
    }
    mail_of(reader).server = s.word(1);
    mail_of(reader).port = static_cast<std::uint16_t>(*port);
}

void set_mail_timeout(Reader& reader, const Statement& s) {
    const auto value = reader.integer(s);
    if (!value) return;
    if (*value == 0) reader.fault(Severity::error, s.place(1), "smtp_connect_timeout 0: 1 is used");
    mail_of(reader).timeout = std::chrono::seconds(std::max<std::int64_t>(*value, 1));
}

namespace {

// Instance, group, smtp_alert_vrrp, smtp_alert: the nearest one that says anything.
bool is_mailed_about(Reader& reader, const NotifyDraft& notify, std::string_view name) {
    const auto& globals = reader.draft().globals;
    const bool wanted = notify.mail.value_or(globals.mail_vrrp.value_or(globals.mail.value_or(false)));
    const auto& mail = mail_of(reader);
    if (notify.mail == true && !mail.is_possible())
        reader.fault(Severity::note, notify.mail_place,
                     fmt::format("({}) smtp_alert, but nothing is sent: global_defs has no {}", name,
                                 mail.server.empty() ? "smtp_server" : "notification_email"));
    return wanted;
}

void resolve_fifo(Reader& reader, FifoDraft& draft, std::string_view keyword) {
    auto& fifos = reader.draft().config.notification.fifos;
    if (draft.value) {
        draft.value->reader = std::move(draft.reader);
        draft.value->of_all = keyword == "notify_fifo";
        fifos.push_back(std::move(*draft.value));
    } else if (draft.reader.is_given()) {
        reader.fault(Severity::warning, draft.place,
                     fmt::format("{}_script has no FIFO to read from: write {} too", keyword, keyword));
    }
}

}  // namespace

void resolve_notification(Reader& reader) {
    auto& draft = reader.draft();
    for (std::size_t i = 0; i < draft.instances.size(); ++i) {
        auto& notify = draft.instances[i].notify;
        auto& instance = draft.config.instances[i];
        auto changes = notify.priority_changes;
        for (const auto& group : draft.groups)
            for (const auto& member : group.members)
                if (member == instance.name && !changes) changes = group.notify.priority_changes;
        notify.value.priority_changes = changes.value_or(draft.globals.priority_changes);
        if (notify.value != Notify{}) instance.notify.edit() = std::move(notify.value);
        instance.mail = is_mailed_about(reader, notify, instance.name);
    }
    for (auto& group : draft.config.sync_groups)
        for (const auto& known : draft.groups)
            if (known.name == group.name) group.mail = is_mailed_about(reader, known.notify, group.name);
    resolve_fifo(reader, draft.fifo, "notify_fifo");
    resolve_fifo(reader, draft.vrrp_fifo, "vrrp_notify_fifo");
}

}  // namespace vrrpd::config
