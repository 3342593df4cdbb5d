import Model
import Pipelines
import Testing

@Suite("A trigger of kind schedule", .timeLimit(.minutes(1)))
struct ScheduleTriggerTests {
  private func findings(_ schedule: String) -> [String] {
    let source = """
      apiVersion: esteira/v1
      id: own
      namespace: demo
      triggers:
        daily: {schedule: \(schedule)}
      steps: {work: {value: 1}}
      """
    return PipelineCompiler(connectors: [], zones: ZoneDatabase { _ in nil }).compile(source) { _ in [] }
      .findings.map { "\($0.code) \($0.path)" }
  }

  @Test(
    "is valid with its policies",
    arguments: [
      #"{cron: "0 6 * * *"}"#, #"{cron: "@every 90s", overlap: buffer_all}"#,
      #"{cron: "0 0 6 ? * MON-FRI", dialect: quartz, catch_up: none}"#,
      #"{cron: "0 6 * * *", catch_up: all, jitter: 24h, calendar: b3_holidays}"#,
      #"{cron: "0 6 * * *", catch_up: {last: 1000, within: 366d}}"#,
      #"{cron: "0 6 * * *", catch_up: {last: all}, overlap: queue}"#,
    ])
  func valid(schedule: String) { #expect(findings(schedule) == []) }

  @Test(
    "is refused with its place where it cannot mean anything",
    arguments: [
      ("{}", "missing-key triggers.daily.schedule"),
      (#"{cron: "0 6 * *"}"#, "bad-cron triggers.daily.schedule.cron"),
      (#"{cron: "0 6 * * *", timezone: Mars}"#, "unknown-zone triggers.daily.schedule.timezone"),
      (#"{cron: "0 6 * * *", overlap: maybe}"#, "wrong-value triggers.daily.schedule.overlap"),
      (#"{cron: "0 6 * * *", jitter: 25h}"#, "wrong-value triggers.daily.schedule.jitter"),
      (#"{cron: "0 6 * * *", catch_up: some}"#, "wrong-value triggers.daily.schedule.catch_up"),
      (#"{cron: "0 6 * * *", catch_up: {last: 0}}"#, "wrong-value triggers.daily.schedule.catch_up.last"),
      (#"{cron: "0 6 * * *", catch_up: {last: 1001}}"#, "wrong-value triggers.daily.schedule.catch_up.last"),
      (#"{cron: "0 6 * * *", catch_up: {last: few}}"#, "wrong-value triggers.daily.schedule.catch_up.last"),
      (
        #"{cron: "0 6 * * *", catch_up: {within: 367d}}"#,
        "wrong-value triggers.daily.schedule.catch_up.within"
      ),
      (#"{cron: "0 6 * * *", catch_up: {most: 3}}"#, "unknown-key triggers.daily.schedule.catch_up.most"),
      (#"{cron: "0 6 * * *", calendar: B3 days}"#, "bad-name triggers.daily.schedule.calendar"),
    ])
  func refused(schedule: String, finding: String) {
    let found = findings(schedule)
    #expect(found.contains(finding), "\(found)")
  }
}
