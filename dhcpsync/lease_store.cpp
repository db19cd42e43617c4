#include "dhcpsync/lease_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <utility>

#include "dhcpsync/core/image.hpp"
#include "vrrpd/base/fd.hpp"
#include "vrrpd/base/write_all.hpp"

namespace dhcpsync {

using vrrpd::fail;
using vrrpd::Fd;
using vrrpd::Result;

namespace {

constexpr auto image_name = "leases", term_name = "term";
constexpr std::size_t largest_file = std::size_t{256} << 20;  // a table of most_leases, its versions too
constexpr Duration retry_after = std::chrono::seconds(1);

// Written beside it, synced, then put in its place; the folder is synced last, or the name could be lost.
Result<void> replace_file(int directory, const std::string& name, BytesView bytes) {
    const auto beside = name + ".new", what = "write " + name + " in the state directory";
    const Fd file(::openat(directory, beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return fail(errno, what);
    const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    if (!vrrpd::write_all(file.get(), text) || ::fsync(file.get()) != 0) return fail(errno, what);
    if (::renameat(directory, beside.c_str(), directory, name.c_str()) != 0) return fail(errno, what);
    if (::fsync(directory) != 0) return fail(errno, what);
    return {};
}

Bytes term_text(Term term) {
    const auto text = std::to_string(term.value) + '\n';
    return {text.begin(), text.end()};
}

}  // namespace

LeaseStore::LeaseStore(vrrpd::Loop& loop, vrrpd::Log& log, int directory, std::function<void(Term)> term_persisted)
    : loop_(loop),
      log_(log),
      directory_(directory),
      term_persisted_(std::move(term_persisted)),
      worker_(loop, Worker::AtEnd::finish) {}

LeaseStore::~LeaseStore() {
    if (!image_) return;
    worker_.submit([directory = directory_, image = std::make_shared<Image>(std::move(*image_))]() -> Worker::Done {
        (void)replace_file(directory, image_name, encode_image(*image));
        return nullptr;
    });
}

// ---- at the start -------------------------------------------------------------------------------

// Where one of the files was spoilt, the last term may have been in it; so the next one is taken from the clock, as
// on a new disk.
LeaseStore::Found LeaseStore::load(WallTime now) {
    auto image = load_image();
    const auto term = load_term();
    const bool knows_none = !image && !term;
    Found found{std::move(image).value_or(Image{}), term.value_or(Term{})};
    if (spoilt_ || knows_none) {
        const auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(now.time_since_epoch().count(), 0));
        found.persisted = std::max(found.persisted, Term{seconds});
    }
    return found;
}

std::optional<Image> LeaseStore::load_image() {
    const auto bytes = read(image_name);
    if (!bytes) return std::nullopt;
    auto image = decode_image(*bytes);
    if (image) return std::move(*image);
    set_aside(image_name, describe(image.error()));
    return std::nullopt;
}

std::optional<Term> LeaseStore::load_term() {
    const auto bytes = read(term_name);
    if (!bytes) return std::nullopt;
    const std::string text(bytes->begin(), bytes->end());
    Term term;
    const auto end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, term.value);
    if (error == std::errc{} && at + 1 == end && *at == '\n') return term;
    set_aside(term_name, "it is no number");
    return std::nullopt;
}

std::optional<Bytes> LeaseStore::read(const char* name) {
    const Fd file(::openat(directory_, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) {
        if (errno != ENOENT) set_aside(name, std::strerror(errno));
        return std::nullopt;
    }
    Bytes bytes;
    std::array<std::uint8_t, 65536> part{};
    for (;;) {
        const auto got = ::read(file.get(), part.data(), part.size());
        if (got == 0) return bytes;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 || bytes.size() > largest_file) {
            set_aside(name, got < 0 ? std::strerror(errno) : "it is too large");
            return std::nullopt;
        }
        bytes.insert(bytes.end(), part.begin(), part.begin() + got);
    }
}

void LeaseStore::set_aside(const char* name, std::string_view why) {
    spoilt_ = true;
    const auto aside = std::string(name) + ".spoilt";
    const bool moved = ::renameat(directory_, name, directory_, aside.c_str()) == 0;
    log_.warning(
        "the file {} in the state directory cannot be used: {}; {}. The leases come from the peers and from "
        "the DHCP server",
        name, why, moved ? "it is kept as " + aside : "it stays there");
}

// ---- writing ------------------------------------------------------------------------------------

void LeaseStore::write(Image image) {
    image_ = std::move(image);
    begin();
}

void LeaseStore::persist(Term term) {
    term_ = term;
    begin();
}

void LeaseStore::step() {
    if (!retry_at_ || loop_.now() < *retry_at_) return;
    retry_at_.reset();
    begin();
}

// The term first: until it is on disk nothing that this node's server does is told to anybody.
void LeaseStore::begin() {
    if (busy_ || retry_at_) return;
    if (term_) {
        busy_ = true;
        worker_.submit([this, directory = directory_, term = *std::exchange(term_, std::nullopt)]() -> Worker::Done {
            auto result = replace_file(directory, term_name, term_text(term));
            return [this, term, result = std::move(result)] {
                if (!result && !term_) term_ = term;
                ended(result);
                if (result) term_persisted_(term);
            };
        });
    } else if (image_) {
        busy_ = true;
        auto image = std::make_shared<Image>(std::move(*image_));
        image_.reset();
        worker_.submit([this, directory = directory_, image]() -> Worker::Done {
            auto result = replace_file(directory, image_name, encode_image(*image));
            return [this, image, result = std::move(result)] {
                if (!result && !image_) image_ = std::move(*image);
                ended(result);
            };
        });
    }
}

void LeaseStore::ended(const Result<void>& result) {
    busy_ = false;
    if (!result) {
        retry_at_ = loop_.now() + retry_after;
        const bool said = !trouble_.empty();
        trouble_ = result.error().describe();
        if (!said) log_.error("leases are not kept on disk: {}; it is tried again each second", trouble_);
        return;
    }
    if (!std::exchange(trouble_, {}).empty()) log_.notice("leases are kept on disk again");
    begin();
}

}  // namespace dhcpsync
