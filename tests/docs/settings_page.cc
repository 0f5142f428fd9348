#include "tests/docs/settings_page.h"

#include <fmt/format.h>

#include <vector>

#include "model/kafka/config.h"
#include "model/kafka/mirror/config.h"
#include "model/rocketmq/config.h"

namespace brokersim::docs {
namespace {

std::string Table(const std::string& title, const std::vector<model::SettingInfo>& settings) {
  std::string table = fmt::format("\n## {}\n\n| Name | Default | Meaning |\n|---|---|---|\n", title);
  for (const model::SettingInfo& setting : settings) {
    const std::string value = setting.default_value.empty() ? "" : fmt::format("`{}`", setting.default_value);
    table += fmt::format("| `{}` | {} | {} |\n", setting.name, value, setting.meaning);
  }
  return table;
}

}  // namespace

std::string KafkaSettingsPage() {
  return "# Kafka's settings\n\n<!-- Printed from model/kafka/config.cc and mirror/config.cc; tests/docs/pages_test.cc "
         "says how. -->\n\n"
         "What `config:` of a scenario takes, under Kafka's names, with its defaults and units. Other settings that "
         "Kafka knows are accepted\nwithout effect, and a run lists them; what Kafka doesn't know is refused.\n" +
         Table("Brokers and controller", kafka::BrokerSettings()) + Table("Producers", kafka::ProducerSettings()) +
         Table("Consumers", kafka::ConsumerSettings()) +
         Table("MirrorMaker: `mirror_maker { config: ... }`, for all flows or behind `a->b.` for one",
               kafka::MirrorSettings());
}

std::string RocketMqSettingsPage() {
  return "# RocketMQ's settings\n\n<!-- Printed from model/rocketmq/config.cc; tests/docs/pages_test.cc says how. "
         "-->\n\n"
         "What `config:` of a scenario takes, under RocketMQ's names, with its defaults. Times are milliseconds where "
         "nothing "
         "else is\nsaid. Other settings that RocketMQ knows are accepted without effect, and a run lists them; what it "
         "doesn't know is refused.\n" +
         Table("Brokers", rocketmq::BrokerSettings()) + Table("Name servers", rocketmq::NamesrvSettings()) +
         Table("Controller", rocketmq::ControllerSettings()) + Table("Producers", rocketmq::ProducerSettings()) +
         Table("Consumers", rocketmq::ConsumerSettings());
}

}  // namespace brokersim::docs
