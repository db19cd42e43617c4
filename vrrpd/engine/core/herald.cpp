#include "vrrpd/engine/core/herald.hpp"

#include "vrrpd/base/assert.hpp"

namespace vrrpd::engine {

namespace {

// An owner with state MASTER is Backup only to ask who has its addresses: it is told as one when somebody answered.
bool only_asks(const Router& router) {
    const auto& config = *router.config;
    return config.state_master && !config.sync_group && router.machine.effective_priority().is_owner();
}

}  // namespace

bool Herald::is_told(const config::Notify& notify, bool mail) const {
    ASSERT(all_ != nullptr);
    return !observes_ && (!all_->fifos.empty() || notify != config::Notify{} || (mail && all_->mail.is_possible()));
}

void Herald::tell(const Router& router, Event event) {
    const auto& config = *router.config;
    if (!is_told(*config.notify, config.mail)) return;
    notices_.add({ipc::Notice::Object::instance, event, router.machine.effective_priority().value(), config.name});
}

void Herald::tell(const Router& router, const proto::Transition& transition) {
    if (transition.cause == proto::Cause::stopped) return;  // said by who stops it
    switch (transition.to) {
        case proto::Role::active:
            return tell(router, Event::master);
        case proto::Role::backup:
            if (transition.cause == proto::Cause::started && only_asks(router)) return;
            return tell(router, Event::backup);
        case proto::Role::initialize:
            return tell(router, Event::fault);
    }
}

void Herald::tell(const Router& router, const proto::Note& note) {
    if (note.remark == proto::Remark::held_by_other && only_asks(router)) tell(router, Event::backup);
}

void Herald::tell(const config::SyncGroup& group, Event event) {
    if (!is_told(*group.notify, group.mail)) return;
    notices_.add({ipc::Notice::Object::group, event, 0, group.name});
}

void Herald::tell_priority(const Router& router) {
    if (!router.config->notify->priority_changes) return;
    tell(router, router.active() ? Event::master_priority : Event::backup_priority);
}

// keepalived's: it is in FAULT, unless notify_deleted says otherwise.
void Herald::tell_removed(const Router& router) {
    tell(router, router.config->notify->deleted_state ? Event::deleted : Event::fault);
}

void Herald::answer(ipc::Kind kind, std::uint8_t detail) {
    answers_.push_back({kind, detail});
    flush_answers();
}

void Herald::flush_news() {
    if (!notices_.empty() && !notices_.was_refused()) flush_notices();
}

void Herald::flush() {
    flush_notices();
    flush_answers();
}

void Herald::flush_notices() {
    notices_.flush([this](const std::string& text) { return send_(ipc::Kind::notify, text, 0); }, ipc::max_text);
}

void Herald::flush_answers() {
    while (!answers_.empty()) {
        const auto [kind, detail] = answers_.front();
        // Of what left, while the supervisor still knows whom to tell.
        if (kind == ipc::Kind::reloaded) flush_notices();
        if (kind == ipc::Kind::reloaded && !notices_.empty()) return;
        if (!send_(kind, {}, detail)) return;
        answers_.erase(answers_.begin());
    }
}

}  // namespace vrrpd::engine
