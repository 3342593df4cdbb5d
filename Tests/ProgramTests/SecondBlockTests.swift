import Foundation
import Testing

/// The second block of the quick start: a schedule, a secret, a person.
@Suite("The quick start's second block", .serialized, .timeLimit(.minutes(3)))
struct SecondBlockTests {
  private static let report = """
    apiVersion: esteira/v1
    id: report
    namespace: demo
    triggers:
      daily: {schedule: {cron: "0 6 * * *", timezone: America/Sao_Paulo, overlap: skip}}
    steps:
      publish:
        ask:
          title: Publish 3 events?
          to: {users: [ME]}
          choices: {confirm: {approves: true}, reject: {}}
      done: {value: "${{ steps.publish.output.choice }}"}
    outputs: {choice: "${{ steps.done.output }}", type: "${{ trigger.type }}"}

    """

  private static let script = """
    set -u
    export ESTEIRA_DATA=data
    say() { echo "== $1"; }
    say next
    esteira schedule next --cron "0 6 * * *" --zone America/Sao_Paulo --from 2026-11-20T12:00:00Z --count 2
    say gap
    export ZONE=America/New_York
    esteira schedule next --cron "30 2 * * *" --zone $ZONE --from 2027-03-13T00:00:00Z --count 3 -o id
    esteira server --background >/dev/null
    say secret
    printf %s s3cret | esteira credential set demo/api --type bearer --from-stdin
    say apply
    sed -i "s/ME/$(id -un)/" report.yaml
    esteira pipeline apply report.yaml
    esteira schedule ls -o id
    say pause
    esteira schedule pause demo/report --reason "not yet" | cut -d: -f1,2,3
    esteira schedule resume demo/report
    say trigger
    JOB=$(esteira schedule trigger demo/report -o id)
    esteira schedule fires demo/report -o jsonl | grep -c '"outcome":"started"'
    say ask
    until ASK=$(esteira ask ls -o id 2>/dev/null | grep .); do :; done
    esteira ask get $ASK | grep -o "Publish 3 events?"
    esteira ask answer $ASK confirm --comment checked >/dev/null && echo answered
    esteira job watch $JOB -o json | grep -o '"choice": "confirm"'
    esteira job watch $JOB -o json | grep -o '"type": "schedule"'
    say doctor
    esteira doctor >/dev/null; echo $?

    """

  @Test("shows due times, keeps a secret, and asks a person in a job that its schedule started")
  func secondBlock() throws {
    let place = try Place()
    defer { place.clean() }
    try place.write("report.yaml", Self.report)
    try place.write("second.sh", Self.script)
    let out = try place.shell("second.sh")
    let parts = out.components(separatedBy: "== ").dropFirst().map {
      $0.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
    let said = Dictionary(parts.map { ($0[0], $0.dropFirst().filter { !$0.isEmpty }) }) { _, last in last }
    #expect(
      said["next"] == [
        "DUE                   DAY  NOTE", "2026-11-21 06:00 -03  Sat", "2026-11-22 06:00 -03  Sun",
        "No clock change in the next 12 months in America/Sao_Paulo.",
      ], "\(out)")
    #expect(
      said["gap"] == [
        "2027-03-13T02:30:00-05:00", "2027-03-14T03:00:00-04:00", "2027-03-15T02:30:00-04:00",
      ])
    #expect(said["secret"] == ["demo/api: version 1"])
    #expect(said["apply"] == ["demo/report: created, revision 1", "demo/report/daily"])
    #expect(said["pause"]?.first?.hasPrefix("demo/report/daily: paused by local:") == true)
    #expect(said["pause"]?.last == "demo/report/daily: active")
    #expect(said["trigger"] == ["1"])
    #expect(
      said["ask"] == [
        "Publish 3 events?", "answered", #""choice": "confirm""#, #""type": "schedule""#,
      ], "\(out)")
    #expect(said["doctor"] == ["0"])
  }
}
