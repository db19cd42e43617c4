#include "vrrpd/supervisor/scripts/script_needs.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace vrrpd::supervisor {

namespace {

using config::Severity;
using Object = ipc::Notice::Object;

class Builder {
public:
    Builder(const config::Config& config, std::vector<ScriptRemark>* remarks) : config_(config), remarks_(remarks) {}

    ScriptNeeds run() {
        const auto& policy = config_.script_policy;
        const auto usual = default_identity(policy);
        if (usual.as)
            know("", "", *usual.as);
        else if (!policy.user.empty())
            remark(Severity::error, {policy.user}, "script_user: " + usual.problem);
        track();
        pipes();
        for (const auto& instance : config_.instances)
            object({Object::instance, instance.name}, *instance.notify, instance.mail);
        for (const auto& group : config_.sync_groups) object({Object::group, group.name}, *group.notify, group.mail);
        const auto& notification = config_.notification;
        needs_.notify.mail = {notification.mail, config_.router_id};
        needs_.startup = {look(notification.startup), notification.startup_limit};
        for (const auto& gateway : config_.gateways)
            if (!gateway.units.empty()) needs_.units[gateway.name] = gateway.units;
        needs_.shutdown = {look(notification.shutdown), notification.shutdown_limit};
        if (!found_.empty() && !policy.security)
            remark(Severity::security, found_,
                   "scripts are configured without enable_script_security: write it into global_defs");
        return std::move(needs_);
    }

private:
    void remark(Severity severity, const std::vector<std::string>& words, std::string text) {
        if (remarks_ != nullptr) remarks_->push_back({severity, words, std::move(text)});
    }

    // Checked once, however many use it. One that is missed by whoever is told alone is dropped by keepalived without a
    // word of it; one that is tracked is not.
    std::optional<RunnableScript> look(const config::Script& script, Severity missed = Severity::warning) {
        if (!script.is_given()) return std::nullopt;
        const auto key = std::tie(script.words, script.user, script.group);
        const auto known = checked_.find(key);
        if (known != checked_.end()) return known->second;
        auto checked = check(script, config_.script_policy);
        if (checked.lacks_default_user) missed = Severity::error;
        if (checked.is_there && found_.empty()) found_ = script.words;
        for (auto& text : checked.remarks)
            remark(checked.script ? Severity::warning : missed, script.words, std::move(text));
        if (checked.script) know(script.user, script.group, checked.script->as);
        return checked_.emplace(key, std::move(checked.script)).first->second;
    }

    void know(const std::string& user, const std::string& group, const RunAs& as) {
        ipc::ScriptIdentity identity{user, group, as.user, as.group};
        auto& all = needs_.identities;
        if (std::find(all.begin(), all.end(), identity) == all.end()) all.push_back(std::move(identity));
    }

    // What it weighs is the engine's: a reload that changes that alone begins nothing anew.
    template <class Tracked>
    static Tracked unweighed(Tracked tracked) {
        tracked.weight = 0;
        tracked.reverse = false;
        return tracked;
    }

    template <class Tracked>
    [[nodiscard]] bool is_used(const std::vector<Tracked>& all, const Tracked& one, config::Track::Kind kind) const {
        const auto number = static_cast<std::uint32_t>(&one - all.data());
        return used_.contains({kind, number});
    }

    void track() {
        using Kind = config::Track::Kind;
        for (const auto& instance : config_.instances)
            for (const auto& track : instance.tracks) used_.insert({track.kind, track.object});
        for (const auto& one : config_.scripts) {
            auto script = look(one.script, Severity::error);
            if (is_used(config_.scripts, one, Kind::script))
                needs_.track.scripts.push_back(
                    {one.name, std::move(script), {one.interval, one.timeout, one.rise, one.fall}});
        }
        for (const auto& one : config_.files)
            if (is_used(config_.files, one, Kind::file)) needs_.track.files.push_back(unweighed(one));
        for (const auto& one : config_.processes)
            if (is_used(config_.processes, one, Kind::process)) needs_.track.processes.push_back(unweighed(one));
    }

    void pipes() {
        needs_.notify.states_on_reload = config_.notification.states_on_reload;
        for (const auto& fifo : config_.notification.fifos) {
            auto reader = look(fifo.reader);
            const auto& policy = config_.script_policy;
            const auto owner = fifo.user.empty() ? default_identity(policy) : find_identity(fifo.user, fifo.group);
            if (owner.as) {
                know(fifo.user, fifo.group, *owner.as);
                needs_.notify.pipes.push_back({{fifo.path, *owner.as}, std::move(reader)});
            } else {
                remark(fifo.user.empty() ? Severity::error : Severity::warning, {fifo.path},
                       "notify FIFO " + fifo.path + " is not made: " + owner.problem);
            }
        }
    }

    void object(const NotifyNeeds::Key& key, const config::Notify& notify, bool mail) {
        const config::Script* const scripts[] = {&notify.master,  &notify.backup,         &notify.fault, &notify.stop,
                                                 &notify.deleted, &notify.lower_priority, &notify.any};
        NotifyNeeds::Object told_how{{}, mail && config_.notification.mail.is_possible()};
        bool told = !needs_.notify.pipes.empty() || told_how.mailed;
        for (std::size_t i = 0; i < told_how.calls.size(); ++i) {
            const auto script = look(*scripts[i]);
            if (!script) continue;
            told_how.calls[i] = number_of(*script);
            told = true;
        }
        if (told) needs_.notify.objects.emplace(key, told_how);
    }

    std::uint16_t number_of(const RunnableScript& script) {
        auto& all = needs_.notify.scripts;
        const auto found = std::find(all.begin(), all.end(), script);
        if (found != all.end()) return static_cast<std::uint16_t>(found - all.begin());
        all.push_back(script);
        return static_cast<std::uint16_t>(all.size() - 1);
    }

    const config::Config& config_;
    std::vector<ScriptRemark>* remarks_;
    ScriptNeeds needs_;
    std::vector<std::string> found_;  // the first script that is there
    std::set<std::pair<config::Track::Kind, std::uint32_t>> used_;
    std::map<std::tuple<std::vector<std::string>, std::string, std::string>, std::optional<RunnableScript>> checked_;
};

}  // namespace

ScriptNeeds ScriptNeeds::observed() const {
    ScriptNeeds result;
    result.track = track;
    for (auto& one : result.track.scripts) one.script.reset();
    for (auto& one : result.track.files) one.initial.reset();
    return result;
}

ScriptNeeds script_needs(const config::Config& config, std::vector<ScriptRemark>* remarks) {
    return Builder(config, remarks).run();
}

}  // namespace vrrpd::supervisor
