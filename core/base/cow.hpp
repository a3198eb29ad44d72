// Cow: a value that is copied when it is changed, not when it is copied: machines that share a past share it too.
//
//   Cow<Thing> a, b;
//   a.edit().n = 1;                  // makes a Thing
//   b = a;                           // the same Thing
//   b.edit().n = 2;                  // its own from here on; a.get()->n is still 1
//
// A type of which only its name is known can be copied and thrown away.
#pragma once
#include <memory>

namespace mmscope {

template <class T> class Cow {
public:
  const T *get() const { return p_.get(); } // null: there is none
  explicit operator bool() const { return p_ != nullptr; }
  T &edit() {
    if (!p_)
      p_ = std::make_shared<T>();
    else if (p_.use_count() != 1)
      p_ = std::make_shared<T>(*p_);
    return *p_;
  }

private:
  std::shared_ptr<T> p_;
};

} // namespace mmscope
