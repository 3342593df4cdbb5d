import Access
import Engine
import Model
import Net
import Synchronization

/// Sign-in through another system, as `esteira.yaml` sets it up.
struct OutsideSignIn: Sendable {
  let settings: OIDCSettings
  let fetch: OIDCFetch

  /// Of the whole request; the other system is asked while a person waits.
  private static let longestWait = Duration.seconds(15)
  private static let connectWait = Duration.seconds(5)

  /// Throws where the secret's file cannot be read, so that a server does not start to find out at the first
  /// sign-in. A credential may come later: it can only be set while a server runs.
  init(
    _ setting: OIDCSetting, config: ConfigFile, _ vault: Vault, _ readModel: any ReadModel,
    told: @escaping @Sendable (Problem) -> Void
  ) throws(Problem) {
    if case .file(let path) = setting.clientSecret { _ = try Self.secret(inFile: path, config) }
    var settings = OIDCSettings(
      issuer: setting.issuer, clientID: setting.clientID, redirectURL: setting.redirectURL
    ) { () throws(Problem) in try Self.secret(setting.clientSecret, config, vault, readModel) }
    (settings.scopes, settings.accounts, settings.rules) = (setting.scopes, setting.accounts, setting.rules)
    self.settings = settings
    let client: CurlClient
    do throws(NetError) { client = try CurlClient(version: Program.name) } catch {
      throw Self.unreachable(error)
    }
    let notice = Notice(told)
    fetch = { (request) async throws(Problem) in
      do throws(Problem) { return try await Self.ask(request, setting, client) } catch {
        notice.tell(error)
        throw error
      }
    }
  }

  private static func ask(
    _ request: OIDCRequest, _ setting: OIDCSetting, _ client: CurlClient
  ) async throws(Problem) -> [UInt8] {
    var headers = HTTPHeaders([("accept", "application/json")])
    if request.form != nil { headers.add("content-type", "application/x-www-form-urlencoded") }
    if let authorization = request.authorization { headers.add("authorization", authorization) }
    var outgoing = OutgoingRequest(
      request.form == nil ? "GET" : "POST", request.url, headers: headers,
      body: request.form.map { Array($0.utf8) }, egress: Egress(allow: setting.egress))
    (outgoing.connectTimeout, outgoing.totalTimeout) = (connectWait, longestWait)
    (outgoing.maxRedirects, outgoing.maxResponseBytes) = (0, OIDCRequest.longestAnswer)
    outgoing.certificates = setting.certificates
    // A code works once: sent again, it would look stolen.
    outgoing.isSentOnce = request.form != nil
    let answer: IncomingResponse
    do throws(NetError) { answer = try await client.perform(outgoing) } catch {
      if error == .cancelled { throw cancelled }
      throw unreachable(error)
    }
    return try request.body(answer.status, answer.body)
  }

  private static func secret(
    _ secret: OIDCSetting.ClientSecret, _ config: ConfigFile, _ vault: Vault, _ readModel: any ReadModel
  ) throws(Problem) -> String? {
    switch secret {
    case .none: return nil
    case .file(let path): return try Self.secret(inFile: path, config)
    case .credential(let namespace, let name):
      let record: CredentialRecord?
      do throws(StoreError) {
        record = try readModel.credentials(in: namespace).first {
          ScalarString($0.name) == ScalarString(name)
        }
      } catch {
        throw noSecret("\(namespace)/\(name)")
      }
      guard let record else { throw noSecret("\(namespace)/\(name)") }
      let values = try vault.open(record).values
      let value = values.first { $0.name == "client_secret" } ?? (values.count == 1 ? values.first : nil)
      guard let value else { throw noSecret("\(namespace)/\(name)") }
      return value.secret.reveal()
    }
  }

  static func secret(inFile path: String, _ config: ConfigFile) throws(Problem) -> String {
    let bytes = try SecretFile.read(path) { path, reason in
      config.wrong(
        Bilingual(
          "oidc.client_secret.file is \(path): \(reason.english)",
          pt: "oidc.client_secret.file é \(path): \(reason.portuguese)"),
        remedy: Bilingual(
          "Put the secret there, readable by its owner alone.",
          pt: "Coloque o segredo lá, legível só pelo dono."))
    }
    let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
    guard !line.isEmpty else {
      throw config.wrong(
        Bilingual(
          "oidc.client_secret.file \(path) is empty", pt: "oidc.client_secret.file \(path) está vazio"))
    }
    return String(decoding: line, as: UTF8.self)
  }

  private static func noSecret(_ name: String) -> Problem {
    Problem(
      "oidc-secret",
      Bilingual(
        "The client secret is to be in the credential \(name), which is not there or holds none.",
        pt: "O segredo do cliente deveria estar na credencial \(name), que não existe ou não o tem."),
      remedy: Bilingual(
        "Set it: `esteira credential set \(name) --type secret --from-stdin`.",
        pt: "Defina: `esteira credential set \(name) --type secret --from-stdin`."))
  }

  private static func unreachable(_ error: NetError) -> Problem {
    Problem(
      "oidc-unavailable",
      Bilingual(
        "The other system cannot be asked: \(error)", pt: "O outro sistema não pode ser consultado: \(error)"
      ),
      remedy: Bilingual(
        "Check server.oidc in esteira.yaml and the way there; a private address needs egress.",
        pt: "Confira server.oidc em esteira.yaml e o caminho até lá; um endereço privado precisa de egress."))
  }

  private static let cancelled = Problem(
    "cancelled", Bilingual("The request was given up.", pt: "O pedido foi abandonado."))
}

/// Tells the operator why sign-ins fail, now and then: whoever is not signed in must not fill the log.
private final class Notice: Sendable {
  private static let pause = Duration.seconds(60)
  private let tellNow: @Sendable (Problem) -> Void
  private let last = Mutex<Timestamp?>(nil)

  init(_ tellNow: @escaping @Sendable (Problem) -> Void) { self.tellNow = tellNow }

  func tell(_ problem: Problem) {
    guard problem.code == "oidc-unavailable" else { return }
    let now = Program.now()
    let isDue = last.withLock { last in
      if let last, now - last < Self.pause { return false }
      last = now
      return true
    }
    if isDue { tellNow(problem) }
  }
}
