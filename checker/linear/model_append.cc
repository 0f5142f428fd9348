// Strings by key that are set and appended to.
#include <algorithm>
#include <string>

#include "checker/linear/models.h"

namespace brokersim::checker {
namespace {

enum AppendCall : uint32_t { kGet, kPut, kAppend };

struct StringObject : ObjectOf<StringObject> {
  std::string text;

  bool Step(const Call& call) override {
    if (call.f == kGet) return !call.known || call.out.text() == text;
    if (call.f == kPut) text.clear();
    text += call.in.text();
    return true;
  }
  void Write(std::vector<Value>* row) const override {
    row->push_back(Value::Text(Value::Kind::kString, text));
  }
};

// The strings that gets returned, as a tree of prefixes: each says where it leaves the one that it shares
// most with.
class Prefixes {
 public:
  static constexpr int64_t kOff = -1;  // no string that was ever got begins so

  explicit Prefixes(const std::vector<Call>& calls) {
    std::vector<std::string_view> texts;
    for (const Call& call : calls) {
      if (call.f == kGet && call.known) texts.push_back(call.out.text());
    }
    // Longest first; of equal ones it doesn't matter which: they are the same.
    std::sort(texts.begin(), texts.end());
    std::vector<std::string_view> longest;
    for (size_t i = 0; i < texts.size(); ++i) {
      const bool goes_on = i + 1 < texts.size() && texts[i + 1].substr(0, texts[i].size()) == texts[i];
      if (!goes_on) longest.push_back(texts[i]);
    }
    Add("");
    for (const std::string_view text : longest) Add(text);
  }

  // A place is a string's number and a length.
  static int64_t Place(uint32_t text, size_t length) {
    return static_cast<int64_t>(uint64_t{text} << 32 | length);
  }
  std::string_view Text(int64_t place) const {
    return texts_[static_cast<uint64_t>(place) >> 32].substr(0, static_cast<uint64_t>(place) & UINT32_MAX);
  }

  // Where a string ends up that goes on from `place` with `more`.
  int64_t GoOn(int64_t place, std::string_view more) const {
    if (place == kOff) return kOff;
    const size_t length = static_cast<uint64_t>(place) & UINT32_MAX;
    const std::string_view prefix = Text(place);
    for (uint32_t i = 0; i < texts_.size(); ++i) {
      if (texts_[i].substr(std::min(length, texts_[i].size()), more.size()) != more) continue;
      if (texts_[i].substr(0, length) == prefix) return Canonical(i, length + more.size());
    }
    return more.empty() ? place : kOff;
  }
  int64_t Start(std::string_view text) const { return GoOn(Place(0, 0), text); }

 private:
  void Add(std::string_view text) {
    uint32_t parent = 0;
    size_t shared = 0;
    for (uint32_t i = 0; i < texts_.size(); ++i) {
      const size_t most = std::min(text.size(), texts_[i].size());
      const size_t same = static_cast<size_t>(
          std::mismatch(text.begin(), text.begin() + most, texts_[i].begin()).first - text.begin());
      if (same > shared) {
        shared = same;
        parent = i;
      }
    }
    texts_.push_back(text);
    parents_.push_back(parent);
    shared_.push_back(shared);
  }

  int64_t Canonical(uint32_t text, size_t length) const {
    while (text != 0 && length <= shared_[text]) text = parents_[text];
    return Place(length == 0 ? 0 : text, length);
  }

  std::vector<std::string_view> texts_;
  std::vector<uint32_t> parents_;
  std::vector<size_t> shared_;
};

// The same over places: all strings that no get returned the like of are one.
struct PlaceObject : ObjectOf<PlaceObject> {
  std::shared_ptr<const Prefixes> prefixes;
  int64_t place = 0;

  bool Step(const Call& call) override {
    if (call.f == kGet)
      return !call.known || (place != Prefixes::kOff && prefixes->Text(place) == call.out.text());
    place = call.f == kPut ? prefixes->Start(call.in.text()) : prefixes->GoOn(place, call.in.text());
    return true;
  }
  void Write(std::vector<Value>* row) const override { row->push_back(Value::Int(place)); }
  std::string Text() const override {
    return place == Prefixes::kOff ? "a string that no get ever returned"
                                   : ToText(Value::Text(Value::Kind::kString, prefixes->Text(place)));
  }
};

class AppendKv final : public Model {
 public:
  std::string_view name() const override { return "append-kv"; }
  std::string_view meaning() const override { return "A map of strings, empty at first, that grow."; }
  absl::Span<const ModelOp> ops() const override { return ops_; }
  std::unique_ptr<Object> New() const override { return std::make_unique<StringObject>(); }
  bool wants_key() const override { return true; }
  Shortcut shortcut() const override { return Shortcut::kAppends; }

  absl::StatusOr<Fate> Read(const Told& told, Call* call) const override {
    if (call->f == kGet) {
      call->in = Value::Nil();
      if (call->known && !IsText(call->out))
        return absl::InvalidArgumentError("a get returns a string, or nil");
      if (call->out.is_nil()) call->out = Value::Text(Value::Kind::kString, "");
    } else {
      if (!IsText(call->in)) return absl::InvalidArgumentError("put and append want a string");
      call->known = true;
      call->out = Value::Nil();
    }
    return Model::Read(told, call);
  }

  std::unique_ptr<Object> ForSearch(std::vector<Call>* calls) const override {
    auto object = std::make_unique<PlaceObject>();
    object->prefixes = std::make_shared<const Prefixes>(*calls);
    object->place = object->prefixes->Start("");
    return object;
  }

  // A get saw whose text it holds.
  void Saw(absl::Span<const Operation> ops, uint32_t at, std::vector<uint32_t>* seen) const override {
    if (ops[at].call.f != kGet) return;
    const std::string_view text = ops[at].call.out.text();
    for (uint32_t writer = 0; writer < ops.size(); ++writer) {
      const Operation& op = ops[writer];
      if (op.call.f == kGet || op.begin > ops[at].end) continue;
      const size_t found = text.find(op.call.in.text());
      if (op.call.f == kPut ? found == 0 : found != text.npos) seen->push_back(writer);
    }
  }

 private:
  static bool IsText(const Value& value) { return value.is_nil() || value.is_text(); }

  std::vector<ModelOp> ops_ = {{"get", "returns the key's string", true},
                               {"put", "sets the key's string"},
                               {"append", "adds to the end of the key's string"}};
};

}  // namespace

std::unique_ptr<Model> NewAppendKv() { return std::make_unique<AppendKv>(); }

}  // namespace brokersim::checker
