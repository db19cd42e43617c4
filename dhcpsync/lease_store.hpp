// The replica on disk: its table, so that routers that all restart at once lose nothing, and the last term, so that
// none is ever used twice. Two files of a folder, each replaced as a whole: a crash at any moment leaves the old one
// or the new one. The disk is waited for by a thread of its own; a sync may take seconds. For LeaseService.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "dhcpsync/core/replica.hpp"
#include "dhcpsync/worker.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/base/result.hpp"

namespace dhcpsync {

class LeaseStore {
public:
    struct Found {
        Image image;
        Term persisted;
    };

    // `directory`: open, outlives the store. `term_persisted`: must not destroy the store.
    LeaseStore(vrrpd::Loop& loop, vrrpd::Log& log, int directory, std::function<void(Term)> term_persisted);
    LeaseStore(const LeaseStore&) = delete;
    LeaseStore& operator=(const LeaseStore&) = delete;
    ~LeaseStore();  // what is still to be written is written

    // What was there. A file that cannot be used is set aside, and said: the peers have the leases too.
    [[nodiscard]] Found load(WallTime now);

    // The newest counts; one that waits for the disk is overtaken.
    void write(Image image);
    void persist(Term term);

    // What cannot be written is tried again.
    [[nodiscard]] Deadline next_deadline() const { return retry_at_; }
    void step();

    [[nodiscard]] const std::string& trouble() const { return trouble_; }

private:
    void begin();
    void ended(const vrrpd::Result<void>& result);
    void set_aside(const char* name, std::string_view why);
    [[nodiscard]] std::optional<Bytes> read(const char* name);
    [[nodiscard]] std::optional<Image> load_image();
    [[nodiscard]] std::optional<Term> load_term();

    vrrpd::Loop& loop_;
    vrrpd::Log& log_;
    int directory_;
    std::function<void(Term)> term_persisted_;
    std::optional<Image> image_;  // to be written
    std::optional<Term> term_;
    bool busy_ = false;
    Deadline retry_at_;
    std::string trouble_;
    bool spoilt_ = false;  // a file was there, and could not be used
    Worker worker_;        // last: what it does uses the rest
};

}  // namespace dhcpsync
