// A value that is T{} nearly always, and costs one pointer while it is. For the parts of an object that few of a
// thousand objects need. A value like any other: copies are deep, equality is T's. Used by everybody.
#pragma once

#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace vrrpd {

template <class T>
class Seldom {
public:
    Seldom() = default;
    Seldom(const Seldom& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
    Seldom(Seldom&&) noexcept = default;
    Seldom& operator=(const Seldom& other) { return *this = Seldom(other); }
    Seldom& operator=(Seldom&&) noexcept = default;
    ~Seldom() = default;

    // Stays valid until the next edit() or assignment, also when the Seldom is moved.
    [[nodiscard]] const T& operator*() const {
        static const T usual{};
        return value_ ? *value_ : usual;
    }
    [[nodiscard]] const T* operator->() const { return &**this; }
    // To change it; from then on it has memory of its own.
    [[nodiscard]] T& edit() {
        if (!value_) value_ = std::make_unique<T>();
        return *value_;
    }

    friend bool operator==(const Seldom& a, const Seldom& b) { return *a == *b; }

private:
    std::unique_ptr<T> value_;
};

// A vector that is empty nearly always.
template <class T>
class SeldomList {
public:
    SeldomList() = default;
    SeldomList(std::vector<T> list) {  // NOLINT(google-explicit-constructor): it is a vector to whoever fills it
        if (!list.empty()) list_.edit() = std::move(list);
    }
    SeldomList(std::initializer_list<T> list) : SeldomList(std::vector<T>(list)) {}

    void push_back(T item) { list_.edit().push_back(std::move(item)); }
    [[nodiscard]] std::vector<T>& edit() { return list_.edit(); }
    [[nodiscard]] auto begin() const { return list_->begin(); }
    [[nodiscard]] auto end() const { return list_->end(); }
    [[nodiscard]] std::size_t size() const { return list_->size(); }
    [[nodiscard]] bool empty() const { return list_->empty(); }
    [[nodiscard]] const T* data() const { return list_->data(); }
    [[nodiscard]] const T& operator[](std::size_t i) const { return (*list_)[i]; }

    bool operator==(const SeldomList&) const = default;

private:
    Seldom<std::vector<T>> list_;
};

}  // namespace vrrpd
