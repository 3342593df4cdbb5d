import Foundation
import Model
import Testing

/// Forty steps, one after the other, in a job that somebody starts and follows.
struct ChainScenario: CrashScenario {
  let name = "chain"
  static let steps = 40
  /// A step whose folder finds no room on a full disk fails, and is tried again as its file says.
  static let retry = "retry: {attempts: 20, backoff: {initial: 10ms}}"
  private static let pipeline = "demo/forty"

  func prepare(_ installation: Installation) throws {
    let witness = installation.place("witness")
    #expect(FileManager.default.createFile(atPath: witness, contents: nil))
    let write = "with: {run: 'echo \"$KIND $ESTEIRA_STEP_KEY\" >> \(witness)', env: {KIND: "
    let steps = (0..<Self.steps).map { index in
      let needs = index == 0 ? "" : "needs: [s\(index - 1)], "
      return switch index {
      case 12: "  s\(index): {\(needs)uses: shell, \(Self.retry), \(write)once}}}"
      case 24, 36: "  s\(index): {\(needs)uses: shell, idempotent: true, \(Self.retry), \(write)keyed}}}"
      default: "  s\(index): {\(needs)uses: json.transform, with: {value: \(index), expression: value + 1}}"
      }
    }
    let head = "apiVersion: esteira/v1\nid: forty\nnamespace: demo\nsteps:\n"
    try installation.write("forty.yaml", head + steps.joined(separator: "\n") + "\n")
    try withServer(installation) { try $0.apply("forty.yaml", as: Self.pipeline) }
  }

  func advance(_ life: Life) throws {
    guard let job = try life.start(Self.pipeline, key: "chain") else { return }
    while try life.follow(job).status == 9 {
      if try !answer(job, life) { return }
    }
  }

  /// Says what the witness outside says; false where nobody hears it.
  private func answer(_ job: String, _ life: Life) throws -> Bool {
    let steps = try life.run("job", "steps", job, "--status", "needs_attention", "-o", "json").json
    guard let step = (steps?["items"]?.array ?? steps?.array)?.first else { return false }
    let (path, key) = (step["path"]?.string ?? "", step["key"]?.string ?? "")
    if try lines(life.installation).contains("once \(key)") {
      let output = life.installation.aside.appending(path: "output.json").path
      try "{\"exit_code\": 0, \"stdout\": \"\", \"stderr\": \"\", \"artifacts\": {}}".write(
        toFile: output, atomically: true, encoding: .utf8)
      return try life.run("job", "step", "resolve", job, path, "--did-happen", "--output", output).status == 0
    }
    return try life.run("job", "step", "resolve", job, path, "--did-not").status == 0
  }

  private func lines(_ installation: Installation) throws -> [String] {
    try String(contentsOfFile: installation.place("witness"), encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  func check(_ life: Life) throws {
    try expectSuccess(life.ledger.jobs.values, steps: Self.steps, life)
    try expectJobs(Set(life.ledger.jobs.values), life)
    let lines = try lines(life.installation)
    let once = lines.count { $0.hasPrefix("once ") }
    let keyed = Set(lines.filter { $0.hasPrefix("keyed ") })
    life.ledger.expect(once == 1, "The step that is done once was done \(once) times.")
    life.ledger.expect(keyed.count == 2, "The keyed steps have the keys \(keyed.sorted()).")
  }
}

/// A job that waits for a person, who answers.
struct AnswerScenario: CrashScenario {
  let name = "answer"
  private static let pipeline = "demo/review"

  func prepare(_ installation: Installation) throws {
    try installation.write(
      "review.yaml",
      """
      apiVersion: esteira/v1
      id: review
      namespace: demo
      steps:
        before: {uses: json.transform, with: {value: 1, expression: value + 1}}
        review:
          needs: [before]
          ask: {title: Publish?, choices: {publish: {approves: true}, reject: {}}}
        after:
          needs: [review]
          uses: json.transform
          with: {value: "${{ steps.review.output.choice }}", expression: value}
      outputs: {choice: "${{ steps.review.output.choice }}"}

      """)
    try withServer(installation) { life in
      try life.apply("review.yaml", as: Self.pipeline)
      let job = try #require(try life.start(Self.pipeline, key: "review"))
      while try life.run("job", "get", job, "-o", "json").json?["status"] != "waiting" {}
    }
  }

  func advance(_ life: Life) throws {
    let isAnswered = try life.answer("publish") || life.answer("publish")
    // Where a full disk refuses the answer, the job waits for somebody; the next life must bring its end.
    guard let job = try life.start(Self.pipeline, key: "review") else { return }
    try life.follow(job, atMost: isAnswered ? nil : "300ms")
  }

  func check(_ life: Life) throws {
    try expectSuccess(life.ledger.jobs.values, steps: 3, life)
    try expectJobs(Set(life.ledger.jobs.values), life)
    for job in life.ledger.jobs.values {
      let choice = try life.run("job", "get", job, "-o", "json").json?["outputs"]?["choice"]
      life.ledger.expect(choice == "publish", "The choice is \(choice?.text ?? "lost").")
    }
    for ask in life.ledger.answers.keys {
      let answers = try life.run("ask", "get", ask, "-o", "json").json?["answers"]?.array ?? []
      life.ledger.expect(answers.count == 1, "The question \(ask) has \(answers.count) answers.")
    }
  }
}

/// A message that is handed to a trigger, until somebody says that it was taken.
struct MessageScenario: CrashScenario {
  let name = "message"
  private static let pipeline = "demo/inbox"

  func prepare(_ installation: Installation) throws {
    try installation.write(
      "inbox.yaml",
      """
      apiVersion: esteira/v1
      id: inbox
      namespace: demo
      inputs: {number: {type: integer}}
      triggers:
        inbox:
          queue: {connection: c, queue: q}
          inputs: {number: "${{ trigger.message.number }}"}
      steps:
        one: {uses: json.transform, with: {value: "${{ inputs.number }}", expression: value + 1}}
        two: {needs: [one], uses: json.transform, with: {value: 1, expression: value + 1}}

      """)
    try installation.write("message.json", "{\"number\": 41}\n")
    try withServer(installation) { try $0.apply("inbox.yaml", as: Self.pipeline) }
  }

  func advance(_ life: Life) throws {
    let answer = try life.run(
      "trigger", "send", Self.pipeline, "inbox", "--message", life.installation.place("message.json"),
      "--idempotency-key", "m", "-o", "json")
    guard answer.status == 0, let job = answer.json?["jobs"]?.array?.first?.string else { return }
    life.ledger.started("m", job)
    try life.follow(job)
  }

  func check(_ life: Life) throws {
    life.ledger.expect(life.ledger.jobs.count == 1, "Nothing came of the message.")
    try expectSuccess(life.ledger.jobs.values, steps: 2, life)
    try expectJobs(Set(life.ledger.jobs.values), life)
    let waiting = try life.run("trigger", "messages", Self.pipeline, "-o", "id").output
    life.ledger.expect(waiting.isEmpty, "The message still waits: \(waiting)")
  }
}

/// So many large jobs that the log is copied into the store's file, and then begun anew.
struct CheckpointScenario: CrashScenario {
  let name = "checkpoint"
  /// Only a copy of the log writes to it.
  let file: String? = "esteira.db"
  let most: Int? = 8
  private static let pipeline = "demo/big"
  private static let jobs = 20
  private static let bytes = 900_000

  func prepare(_ installation: Installation) throws {
    try installation.write(
      "big.yaml",
      """
      apiVersion: esteira/v1
      id: big
      namespace: demo
      inputs: {text: {type: string}}
      steps:
        one: {uses: json.transform, with: {value: 1, expression: value + 1}}

      """)
    try installation.write("big.json", "{\"text\": \"\(String(repeating: "x", count: Self.bytes))\"}\n")
    try withServer(installation) { try $0.apply("big.yaml", as: Self.pipeline) }
  }

  func advance(_ life: Life) throws {
    for number in 1...Self.jobs {
      guard try life.start(Self.pipeline, key: "b\(number)", inputs: "big.json") != nil else { return }
    }
  }

  func check(_ life: Life) throws {
    life.ledger.expect(life.ledger.jobs.count == Self.jobs, "Not all jobs were started.")
    try expectSuccess(life.ledger.jobs.values, steps: 1, life)
    try expectJobs(Set(life.ledger.jobs.values), life)
    for job in life.ledger.jobs.values {
      let text = try life.run("job", "get", job, "-o", "json").json?["inputs"]?["text"]?.string ?? ""
      life.ledger.expect(text.utf8.count == Self.bytes, "Job \(job) has \(text.utf8.count) bytes.")
    }
  }
}
