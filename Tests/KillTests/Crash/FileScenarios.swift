import Foundation
import Model
import Testing

/// A file that arrives in a folder and is moved to where its job reads it.
struct FilesScenario: CrashScenario {
  let name = "files"
  private static let pipeline = "demo/arrivals"

  func prepare(_ installation: Installation) throws {
    for folder in ["data", "srv/inbox", "srv/work"] {
      try FileManager.default.createDirectory(
        atPath: installation.place(folder), withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    }
    #expect(FileManager.default.createFile(atPath: installation.place("witness"), contents: nil))
    try installation.write("data/esteira.yaml", "roots: {demo: [\(installation.place("srv"))]}\n")
    try installation.write(
      "arrivals.yaml",
      """
      apiVersion: esteira/v1
      id: arrivals
      namespace: demo
      inputs: {path: {type: string}}
      triggers:
        inbox:
          files:
            path: \(installation.place("srv/inbox"))
            stable_for: 0s
            claim: move
            to: \(installation.place("srv/work"))
          inputs: {path: "${{ trigger.files[0].path }}"}
      steps:
        read: {uses: files.hash, with: {path: "${{ inputs.path }}"}}
        tell:
          needs: [read]
          uses: shell
          idempotent: true
          with:
            run: 'echo "$HASH" >> \(installation.place("witness"))'
            env: {HASH: "${{ steps.read.output.sha256 }}"}

      """)
    try withServer(installation) { try $0.apply("arrivals.yaml", as: Self.pipeline) }
    try installation.write("srv/inbox/a.txt", "One file.\n")
  }

  func advance(_ life: Life) throws { try life.waitForLines(1, in: life.installation.place("witness")) }

  func check(_ life: Life) throws {
    let jobs = try life.run("job", "ls", "-o", "id").output.split(separator: "\n").map(String.init)
    life.ledger.expect(jobs.count == 1, "The file led to \(jobs.count) jobs.")
    try expectSuccess(jobs, steps: 2, life)
    let files = FileManager.default
    let (inbox, work) = (life.installation.place("srv/inbox"), life.installation.place("srv/work"))
    life.ledger.expect(
      try files.contentsOfDirectory(atPath: inbox).isEmpty, "The file is still in the inbox.")
    let kept = try files.contentsOfDirectory(atPath: work).filter { !$0.hasPrefix(".") }
    life.ledger.expect(kept == ["a.txt"], "In the work folder lies \(kept).")
    let text = try? String(contentsOfFile: work + "/a.txt", encoding: .utf8)
    life.ledger.expect(text == "One file.\n", "The file holds \(text ?? "nothing").")
  }
}

/// A step that leaves an artifact, and one that puts an object: both are there whole once a job has ended.
struct ArtifactScenario: CrashScenario {
  let name = "artifact"
  private static let pipeline = "demo/keep"
  private static let lines = 20_000

  func prepare(_ installation: Installation) throws {
    try installation.write(
      "keep.yaml",
      """
      apiVersion: esteira/v1
      id: keep
      namespace: demo
      steps:
        make:
          uses: shell
          idempotent: true
          with: {run: 'seq 1 \(Self.lines) > "$ESTEIRA_ARTIFACTS/numbers.txt"'}
        put:
          needs: [make]
          uses: object.put
          with:
            bucket: kept
            key: numbers.txt
            body: "${{ steps.make.output.artifacts['numbers.txt'] }}"

      """)
    try withServer(installation) { try $0.apply("keep.yaml", as: Self.pipeline) }
  }

  func advance(_ life: Life) throws {
    if let job = try life.start(Self.pipeline, key: "keep") { try life.follow(job) }
  }

  func check(_ life: Life) throws {
    try expectSuccess(life.ledger.jobs.values, steps: 2, life)
    try expectJobs(Set(life.ledger.jobs.values), life)
    let whole = (1...Self.lines).map { "\($0)\n" }.joined()
    for job in life.ledger.jobs.values {
      let artifact = try life.run("artifact", "get", job, "numbers.txt").output
      life.ledger.expect(artifact == whole, "The artifact has \(artifact.utf8.count) bytes.")
    }
    let object = life.installation.data + "/objects/demo/kept/numbers.txt"
    let text = try? String(contentsOfFile: object, encoding: .utf8)
    life.ledger.expect(text == whole, "The object has \(text?.utf8.count ?? 0) bytes.")
  }
}
