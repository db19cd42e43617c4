// Who is told of a new state: notify and its kin, the FIFOs (surface 3.2.2, 3.4.7, 5).
#include <fmt/format.h>

#include "vrrpd/config/handlers.hpp"

namespace vrrpd::config {

void set_notify(Reader& reader, const Statement& s, Script& into) {
    if (!reader.draft().scripts) reader.draft().scripts = s.place(1);
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

namespace {

void resolve_fifo(Reader& reader, FifoDraft& draft, std::string_view keyword) {
    auto& fifos = reader.draft().config.notification.fifos;
    if (draft.value) {
        draft.value->reader = std::move(draft.reader);
        fifos.push_back(std::move(*draft.value));
    } else if (draft.reader.is_given()) {
        reader.fault(Severity::error, draft.place,
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
    }
    resolve_fifo(reader, draft.fifo, "notify_fifo");
    resolve_fifo(reader, draft.vrrp_fifo, "vrrp_notify_fifo");
}

}  // namespace vrrpd::config
