internal import Engine
internal import Model
internal import Pipelines

/// Runs the connector of a folder through everything that the protocol asks of one.
public struct ConformanceKit: Sendable {
  private let folder: String
  private let children: ChildProcesses
  private let scratch: String
  private let pause: @Sendable (Duration) async -> Void

  /// `folder` holds `connector.yaml`; `scratch` is an empty folder for the kit's own work. `pause` waits so
  /// long, less where the task is cancelled.
  public init(
    folder: String, children: ChildProcesses, scratch: String,
    pause: @escaping @Sendable (Duration) async -> Void
  ) {
    (self.folder, self.children, self.scratch, self.pause) = (folder, children, scratch, pause)
  }

  /// One verdict a rule, in their order; the manifest's alone where that cannot be used. Takes as long as the
  /// connector does, several times over.
  public func run() async -> (name: String, verdicts: [ConformanceVerdict]) {
    let manifest: ConnectorManifest
    let folder = folder
    do throws(Problem) {
      manifest = try await OwnThread.run(throwing: { () throws(Problem) in
        try ManifestReader(folder: folder).manifest()
      })
    } catch {
      let (fact, remedy) = (error.message, error.remedy ?? Bilingual("", pt: ""))
      let whole = Bilingual(
        "\(fact.english) \(remedy.english)", pt: "\(fact.portuguese) \(remedy.portuguese)")
      return (folder, [ConformanceVerdict(.manifest, .failed(whole))])
    }
    let judge = ConformanceJudge(
      manifest: manifest, children: children, scratch: scratch, pause: pause)
    return (manifest.name, await judge.verdicts())
  }
}

/// Judges a connector whose manifest can be used.
struct ConformanceJudge {
  typealias Outcome = ConformanceVerdict.Outcome

  let manifest: ConnectorManifest
  let children: ChildProcesses
  let scratch: String
  let pause: @Sendable (Duration) async -> Void

  func verdicts() async -> [ConformanceVerdict] {
    let sample = await trial("sample").perform(manifest.test.with)
    var verdicts = [
      ConformanceVerdict(.manifest, trialAgrees), ConformanceVerdict(.protocol, Self.speaks(sample)),
    ]
    if case .failed = verdicts[1].outcome {
      return verdicts + Self.rest(after: .protocol, Bilingual("it does not speak", pt: "não fala"))
    }
    verdicts += [
      ConformanceVerdict(.schema, await schema()), ConformanceVerdict(.execute, Self.ends(sample)),
      ConformanceVerdict(.output, Self.agrees(sample)),
    ]
    guard sample.output != nil else {
      let words = Bilingual("`test.with` does not end well", pt: "`test.with` não termina bem")
      return verdicts + Self.rest(after: .output, words)
    }
    verdicts.append(ConformanceVerdict(.progress, progress(sample)))
    verdicts.append(ConformanceVerdict(.checkpoint, await checkpoint(sample)))
    verdicts.append(ConformanceVerdict(.cancel, await cancel()))
    verdicts.append(ConformanceVerdict(.input, await input()))
    verdicts.append(ConformanceVerdict(.crash, await crash(sample)))
    verdicts.append(ConformanceVerdict(.secrets, secrets(sample)))
    return verdicts
  }

  private static func rest(after rule: ConformanceRule, _ reason: Bilingual) -> [ConformanceVerdict] {
    let rules = ConformanceRule.allCases.drop { $0 != rule }.dropFirst()
    return rules.map { ConformanceVerdict($0, .passedOver(reason)) }
  }

  func trial(_ name: String, _ disturbance: ConformanceTrial.Disturbance = .none) -> ConformanceTrial {
    ConformanceTrial(manifest, children: children, folder: "\(scratch)/\(name)", disturbance, pause: pause)
  }

  /// What the kit runs it with has to be allowed.
  private var trialAgrees: Outcome {
    let trial = manifest.test
    for (key, with) in [("with", trial.with), ("bad", trial.bad), ("slow", trial.slow)] {
      guard let with, let schema = try? JSONSchema(manifest.with) else { continue }
      if let violation = schema.violations(in: with).first {
        let place = "`test.\(key)`\(violation.pointer)"
        return .failed(
          Bilingual("\(place): \(violation.message.english)", pt: "\(place): \(violation.message.portuguese)")
        )
      }
    }
    return .passed
  }

  private static func speaks(_ sample: ConformanceTrial.Outcome) -> Outcome {
    guard let failure = sample.failure, ["connector-protocol", "connector-silent"].contains(failure.code)
    else {
      return .passed
    }
    return .failed(Bilingual(failure.message, pt: failure.message))
  }

  private static func ends(_ sample: ConformanceTrial.Outcome) -> Outcome {
    guard let failure = sample.failure, failure.code != "invalid-output" else { return .passed }
    let text = "\(failure.errorClass.rawValue) \(failure.code): \(failure.message)"
    return .failed(Bilingual(text, pt: text))
  }

  private static func agrees(_ sample: ConformanceTrial.Outcome) -> Outcome {
    switch sample.failure {
    case let failure? where failure.code == "invalid-output":
      .failed(Bilingual(failure.message, pt: failure.message))
    case .some: .passedOver(Bilingual("there is no output", pt: "não há saída"))
    case nil: .passed
    }
  }

  private func schema() async -> Outcome {
    guard manifest.level == .calls else {
      return .passedOver(Bilingual("its level has no such question", pt: "o nível não tem essa pergunta"))
    }
    switch await trial("schema").describe() {
    case .failure(let failure): return .failed(Bilingual(failure.message, pt: failure.message))
    case .success(let said):
      for (key, own) in [("with", manifest.with), ("output", manifest.output)] where said[key] != own {
        return .failed(
          Bilingual("the program says another `\(key)`", pt: "o programa diz outro `\(key)`"))
      }
      return .passed
    }
  }

  private func progress(_ sample: ConformanceTrial.Outcome) -> Outcome {
    if manifest.level == .files {
      return .passedOver(Bilingual("level 0 has no progress", pt: "o nível 0 não tem progresso"))
    }
    var (last, signs) = ([String: Double](), 0)
    for message in sample.messages {
      let kind = message[manifest.level == .lines ? "type" : "method"]?.string
      if kind == "heartbeat" || kind == "progress" { signs += 1 }
      guard kind == "progress", let body = manifest.level == .lines ? message : message["params"] else {
        continue
      }
      for key in ["percent", "done"] {
        guard let value = body[key]?.number else { continue }
        if value < last[key, default: 0] {
          let (old, new) = ("\(last[key, default: 0])", "\(value)")
          return .failed(
            Bilingual("`\(key)` fell from \(old) to \(new)", pt: "`\(key)` caiu de \(old) para \(new)"))
        }
        last[key] = value
      }
    }
    return signs > 0
      ? .passed
      : .failed(
        Bilingual(
          "it sends neither progress nor a heartbeat", pt: "não envia nem progresso nem heartbeat"))
  }

  private func secrets(_ sample: ConformanceTrial.Outcome) -> Outcome {
    let values = (manifest.test.credential?.values ?? []).map { $0.secret.reveal() }
    guard !values.isEmpty else {
      return .passedOver(
        Bilingual("`test.connection` has no credential", pt: "`test.connection` não tem credencial"))
    }
    let said = sample.messages.filter { ($0["type"] ?? $0["method"])?.string != "mask" }.map(\.text)
    for text in sample.log + said + [sample.output?.text ?? ""] {
      if values.contains(where: { text.contains($0) }) {
        return .failed(
          Bilingual(
            "a value of its credential is in its log, its messages or its output",
            pt: "um valor da credencial está no log, nas mensagens ou na saída"))
      }
    }
    return .passed
  }
}
