import Connectors
import Engine
import Model
import Stores

/// Goes where the connections lead, and says of each whether it answers: for `doctor`.
///
/// Only places of a house are asked, which a question costs nothing: brokers, workers, databases, stores and
/// Airflow. A site of somebody else is asked by `connection test` alone, when a person wants it.
struct ConnectionDoctor: Sendable {
  var readModel: any ReadModel
  var vault: Vault
  private let probe: ConnectionProbe
  static let kinds: Set<String> = ["redis", "amqp", "celery", "airflow", "s3", "postgresql", "cloudflare"]
  /// What is beyond is told as not asked.
  static let most = 50
  private static let atOnce = 8
  private static let limit = Duration.seconds(10)

  init(readModel: any ReadModel, vault: Vault, _ probes: AccessProbes) {
    (self.readModel, self.vault, probe) = (readModel, vault, probes.connection)
  }

  func checks() async -> [Checks.Check] {
    let all: [Connection]
    // What the store cannot say now is told by the check of the store.
    do throws(StoreError) { all = try readModel.connections(in: nil) } catch { return [] }
    let known = all.filter { Self.kinds.contains($0.kind) }
    let asked = Array(known.prefix(Self.most))
    var found: [Int: [Checks.Check]] = [:]
    await withTaskGroup(of: (Int, [Checks.Check]).self) { group in
      for (number, connection) in asked.enumerated() {
        if number >= Self.atOnce, let (done, checks) = await group.next() { found[done] = checks }
        group.addTask { (number, await check(connection)) }
      }
      for await (done, checks) in group { found[done] = checks }
    }
    var checks = asked.indices.flatMap { found[$0] ?? [] }
    if known.count > asked.count {
      let rest = known.count - asked.count
      checks.append(
        Checks.Check(
          state: .ok, name: "connection",
          text: Bilingual("\(rest) more were not asked", pt: "mais \(rest) não foram consultadas"),
          remedy: Bilingual("esteira connection test NAME", pt: "esteira connection test NOME")))
    }
    return checks
  }

  private func check(_ connection: Connection) async -> [Checks.Check] {
    let name = "\(connection.namespace)/\(connection.name)"
    let credential: Credential?
    do throws(Problem) {
      // One that is not there is told by the check of the credentials.
      guard let opened = try credentialOf(connection) else { return [] }
      credential = opened.value
    } catch {
      return [Self.check(name, .error, error.message, connection)]
    }
    return await findings(connection, credential).map { finding in
      let state: Checks.Check.State = finding.passed.map { $0 ? .ok : .error } ?? .warn
      return Self.check(name, state, Bilingual(finding.note, pt: finding.note), connection)
    }
  }

  /// One that does not answer in time is a finding, too.
  private func findings(
    _ connection: Connection, _ credential: Credential?
  ) async -> [ConnectionProbe.Finding] {
    await withTaskGroup(of: [ConnectionProbe.Finding].self) { group in
      group.addTask { await probe.ask(connection, credential, path: nil) }
      group.addTask {
        // Cancelled when the answer comes first.
        await Program.pause(Self.limit)
        return [.init(passed: false, note: "There was no answer within \(Self.limit.text).")]
      }
      let first = await group.next() ?? []
      group.cancelAll()
      return first
    }
  }

  private struct Opened { var value: Credential? }

  /// Nil where the credential that is named does not exist.
  private func credentialOf(_ connection: Connection) throws(Problem) -> Opened? {
    guard let wanted = connection.credential else { return Opened(value: nil) }
    let records: [CredentialRecord]
    do throws(StoreError) { records = try readModel.credentials(in: connection.namespace) } catch {
      throw Problem("store-unavailable", Bilingual("\(error)", pt: "\(error)"))
    }
    guard let record = records.first(where: { ScalarString($0.name) == ScalarString(wanted) }) else {
      return nil
    }
    return Opened(value: try vault.open(record))
  }

  private static func check(
    _ name: String, _ state: Checks.Check.State, _ text: Bilingual, _ connection: Connection
  ) -> Checks.Check {
    Checks.Check(
      state: state, name: "connection",
      text: Bilingual("\(name): \(text.english)", pt: "\(name): \(text.portuguese)"),
      remedy: state == .ok ? nil : remedy(connection, name))
  }

  private static func remedy(_ connection: Connection, _ name: String) -> Bilingual {
    switch connection.kind {
    case "celery":
      Bilingual(
        "look at the broker, and start a worker: celery -A APP worker",
        pt: "veja o broker e inicie um worker: celery -A APP worker")
    case "airflow":
      Bilingual(
        "its address and API; esteira credential rotate \(connection.credential ?? name)",
        pt: "o endereço e a API dele; esteira credential rotate \(connection.credential ?? name)")
    case _:
      Bilingual("esteira connection test \(name)", pt: "esteira connection test \(name)")
    }
  }
}
