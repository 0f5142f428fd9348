// docs/kafka_settings.md and docs/rocketmq_settings.md, from the tables of config.cc of each family.
#ifndef BROKERSIM_TESTS_DOCS_SETTINGS_PAGE_H_
#define BROKERSIM_TESTS_DOCS_SETTINGS_PAGE_H_

#include <string>

namespace brokersim::docs {

std::string KafkaSettingsPage();
std::string RocketMqSettingsPage();

}  // namespace brokersim::docs

#endif  // BROKERSIM_TESTS_DOCS_SETTINGS_PAGE_H_
