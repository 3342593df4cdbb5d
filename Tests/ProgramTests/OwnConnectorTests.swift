import Foundation
import Testing

@Suite("A connector of one's own", .serialized, .timeLimit(.minutes(3)))
struct OwnConnectorTests {
  @Test("is made as the guide says", arguments: ["docs/own-connector.md", "docs/own-connector.pt-BR.md"])
  func guide(_ page: String) throws {
    let place = try Place()
    defer { place.clean() }
    let entries = try ReadmeTests.entries(page)
    #expect(entries.count >= 12, "The page lost its commands.")
    try FileManager.default.copyItem(
      at: ReadmeTests.root.appending(path: "sdk"), to: place.folder.appending(path: "sdk"))
    let shown = try ReadmeTests.type(entries.map(\.command), in: place)
    #expect(shown.count == entries.count)
    for (entry, text) in zip(entries, shown) {
      #expect(
        ReadmeTests.masked(text, place.folder.path) == ReadmeTests.masked(entry.shown, "/srv/esteira"),
        "\(page): $ \(entry.command)")
    }
  }

  /// Each place of the work is written down once it is kept; the third try to do it ends it.
  private static let program = """
    import os
    from esteira_sdk import Connector, ConnectorResult, Transient, run

    HERE = os.path.dirname(os.path.abspath(__file__))


    class Steps(Connector):
        name = "test.steps"
        effect = "keyed"
        checkpoints = True

        def execute(self, parameters, log_callback):
            for place in range((self.context.checkpoint or 0) + 1, 5):
                self.context.save(place)
                with open(HERE + "/trace", "a") as trace:
                    trace.write(f"{place}\\n")
                while place == 2 and not os.path.exists(HERE + "/go"):
                    self.context.wait(0.02)
                if place == 3:
                    raise Transient("Not now.")
            return ConnectorResult(rows_processed=place)


    if __name__ == "__main__":
        run(Steps)
    """

  private static let file = """
    apiVersion: esteira/v1
    id: steps
    namespace: demo
    steps:
      work:
        uses: test.steps
        with: {}
        retry: {attempts: 3, backoff: {initial: 1ms}}
    outputs: {rows: "${{ steps.work.output.rows_processed }}"}

    """

  private static let script = """
    export ESTEIRA_DATA=data PYTHONPATH=sdk/src
    mkdir -m 700 data
    echo "connectors: [$PWD/connectors]" > data/esteira.yaml
    python3 -m esteira_sdk manifest connectors/steps >/dev/null
    printf 'environment: {PYTHONPATH: "{folder}/../../sdk/src"}\\n' >> connectors/steps/connector.yaml
    esteira server --background >/dev/null
    esteira connector ls -o id | grep test
    curl -s --unix-socket data/api.sock http://esteira/api/v1/connectors/test.steps >said
    grep -o '"effect_class":"keyed"' said
    esteira pipeline apply steps.yaml >/dev/null
    job=$(esteira job start demo/steps -o id)
    until grep -q 2 connectors/steps/trace 2>/dev/null; do :; done
    kill -9 $(cat data/server.pid)
    touch connectors/steps/go
    until esteira server --background >/dev/null 2>&1; do :; done
    esteira job watch $job >/dev/null; echo "exit $?"
    echo $(cat connectors/steps/trace)
    esteira job get $job -o json | grep -o '"rows": *[0-9]*'
    kill $(cat data/server.pid)
    """

  @Test("goes on from its checkpoint after a crash of the server and after a retry: nothing is done twice")
  func crash() throws {
    let place = try Place()
    defer { place.clean() }
    try FileManager.default.copyItem(
      at: ReadmeTests.root.appending(path: "sdk/python"), to: place.folder.appending(path: "sdk"))
    try FileManager.default.createDirectory(
      at: place.folder.appending(path: "connectors/steps"), withIntermediateDirectories: true)
    try place.write("connectors/steps/main.py", Self.program)
    try place.write("steps.yaml", Self.file)
    try place.write("script.sh", Self.script)
    let shown = ["test.steps", "\"effect_class\":\"keyed\"", "exit 0", "1 2 3 4", "\"rows\": 4", ""]
    #expect(try place.shell("script.sh") == shown.joined(separator: "\n"))
  }

  /// The one that `scripts/setup_python.sh` makes.
  private static let interpreter = ReadmeTests.root.appending(path: ".build/python/bin/python").path
  private static let isThere = FileManager.default.isExecutableFile(atPath: interpreter)

  @Test(
    "in Python is tested by pytest and mypy, bridges to other ecosystems included",
    .enabled(if: isThere, "scripts/setup_python.sh makes .build/python"), arguments: ["pytest -q", "mypy"])
  func python(tool: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: Self.interpreter)
    process.arguments = ["-B", "-m"] + tool.split(separator: " ").map(String.init)
    process.currentDirectoryURL = ReadmeTests.root.appending(path: "sdk/python")
    let out = Pipe()
    (process.standardOutput, process.standardError) = (out, out)
    try process.run()
    let text = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
  }
}
