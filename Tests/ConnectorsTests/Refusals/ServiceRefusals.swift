import Engine
import Foundation
import Model

@testable import Connectors

extension Refused {
  static let services: [Refused] =
    airflow + scrapy + llm + search + kv + athena

  private static let local = "http://127.0.0.1:1"
  private static let id = String(repeating: "a", count: 32)

  private static func changed(_ with: JSON, _ key: String, _ value: JSON?) -> JSON {
    var object = with.object ?? JSONObject()
    object[key] = value
    return .object(object)
  }

  /// What all of them refuse before or while they ask.
  private static func common(
    _ name: String, _ kind: String, _ good: JSON, _ more: JSONObject, _ credential: Credential?,
    address: String = "url"
  ) -> [Refused] {
    func to(_ url: String, _ extra: JSONObject = [:], allow: [String] = ["127.0.0.0/8"]) -> Connection {
      var all = more
      if address != "url" { all["url"] = .null }
      all[address] = .string(url)
      for member in extra { all[member.key] = member.value }
      return ServiceBench.connection(kind, url, all, allow: allow)
    }
    func refused(
      _ why: String, _ errorClass: ErrorClass, _ code: String, _ connection: Connection,
      _ other: Credential? = nil
    ) -> Refused {
      Refused(name, why, good, errorClass, code, connection: connection, credential: other ?? credential)
    }
    return [
      refused(
        "a connection of another kind", .configuration, "invalid-connection",
        ServiceBench.connection("http", local)),
      refused(
        "an unknown member of the address", .configuration, "invalid-connection", to(local, ["surely": 1])),
      refused("an address that is no text", .configuration, "invalid-connection", to(local, [address: 1])),
      refused("a loopback address", .configuration, "egress-refused", to(local, allow: [])),
      refused("a private address", .configuration, "egress-refused", to("http://10.0.0.1", allow: [])),
      refused("nobody who listens", .transient, "unreachable", to(local)),
      refused("a block that is none", .configuration, "invalid-connection", to(local, allow: ["x"])),
      refused(
        "a credential of another type", .credential, "unusable-credential", to(local),
        Credential(name: "c", type: "ssh_key", values: [("private_key", Secret("k"))])),
      refused(
        "a credential without its values", .credential, "unusable-credential", to(local),
        Credential(name: "c", type: credential?.type ?? "bearer", values: [])),
    ]
  }

  private static let airflow: [Refused] = {
    let run: JSON = ["dag_id": "d"]
    let own: [Refused] = [
      Refused("airflow.run_dag", "no id", [:]),
      Refused("airflow.run_dag", "an id with a slash", ["dag_id": "a/b"]),
      Refused("airflow.run_dag", "a conf that is no map", ["dag_id": "d", "conf": [1]]),
      Refused(
        "airflow.run_dag", "a pause that is none", ["dag_id": "d", "poll": "soon", "wait": true], .transient,
        "unreachable", connection: ServiceBench.connection("airflow", local, ["version": "2"]),
        credential: ServiceBench.basic),
      Refused(
        "airflow.run_dag", "an unknown version", run, .configuration, "invalid-connection",
        connection: ServiceBench.connection("airflow", local, ["version": 1])),
      Refused("airflow.list_dags", "a tag that is none", ["tags": [1]]),
      Refused("airflow.list_dags", "an unknown key", ["limit": 1]),
    ]
    return own + common("airflow.run_dag", "airflow", run, ["version": 2], ServiceBench.basic)
      + common("airflow.list_dags", "airflow", [:], ["version": 3], ServiceBench.basic)
  }()

  private static let scrapy: [Refused] = {
    let name = "scrapy.crawl"
    func to(_ address: JSON, kind: String = "scrapy") -> Connection {
      Connection(namespace: "demo", name: "scrapers", kind: kind, address: address)
    }
    func refused(
      _ why: String, _ code: String, _ with: JSON = ["spider": "s"], _ connection: Connection? = nil
    ) -> Refused {
      Refused(name, why, with, .configuration, code, connection: connection)
    }
    return [
      Refused(name, "no spider", [:]), Refused(name, "an empty name", ["spider": ""]),
      Refused(name, "an argument that is a list", ["spider": "s", "arguments": ["a": [1]]]),
      Refused(name, "robots that are no truth value", ["spider": "s", "robots": "no"]),
      Refused(name, "an unknown result", ["spider": "s", "result": "rows"]),
      refused("no place of the spider", "scrapy-project"),
      refused(
        "a project without scrapy.cfg", "scrapy-project", ["spider": "s"], to(["project": "/tmp/surely-none"])
      ),
      refused("a connection of another kind", "invalid-connection", ["spider": "s"], to([:], kind: "http")),
      refused("an unknown member of the address", "invalid-connection", ["spider": "s"], to(["surely": 1])),
      refused("a project that is no text", "invalid-connection", ["spider": "s"], to(["project": 1])),
      refused("a relative project", "invalid-connection", ["spider": "s"], to(["project": "scrapers"])),
      refused("a file that leads out", "unsafe-path", ["spider": "s", "file": "../x.py"]),
      refused("a file that is not there", "file-not-found", ["spider": "s", "file": "x.py"]),
      Refused(
        name, "a delay that is none", ["spider": "s", "delay": "soon", "file": "x.py"], .configuration,
        "file-not-found"),
    ]
  }()

  private static let llm: [Refused] = {
    let good: JSON = ["model": "m", "prompt": "p"]
    func refused(_ why: String, _ code: String, _ with: JSON, _ more: JSONObject = [:]) -> Refused {
      Refused(
        "llm.chat", why, with, .configuration, code, connection: ServiceBench.connection("llm", local, more),
        credential: ServiceBench.bearer)
    }
    return common("llm.chat", "llm", good, [:], ServiceBench.bearer) + [
      refused("no model", "invalid-with", ["prompt": "p"]),
      refused("no question", "invalid-with", ["model": "m"]),
      refused("a role of no file", "file-not-found", changed(good, "roles", ["roles.json#x"])),
      refused("a role that leads out", "file-not-found", changed(good, "roles", ["../x"])),
      refused("a schema of no file", "file-not-found", changed(good, "schema", "schemas/x.json")),
      refused("a schema that is none", "llm-schema", changed(good, "schema", ["type": "surely"])),
      refused("money without a price", "llm-price", changed(good, "budget", ["cost": 1])),
      refused("a price that is none", "invalid-connection", good, ["prices": ["m": ["input": "2"]]]),
      refused("an unknown form", "invalid-connection", good, ["answers": "xml"]),
      Refused("llm.chat", "a temperature that is too high", changed(good, "temperature", 3)),
      Refused("llm.chat", "a budget of nothing", changed(good, "budget", ["tokens": 0])),
    ]
  }()

  private static let search: [Refused] = {
    let name = "elasticsearch.index"
    let good: JSON = ["index": "i", "documents": [["a": 1]]]
    func refused(_ why: String, _ errorClass: ErrorClass, _ code: String, _ with: JSON) -> Refused {
      Refused(
        name, why, with, errorClass, code, connection: ServiceBench.connection("elasticsearch", local),
        credential: ServiceBench.basic)
    }
    return common(name, "elasticsearch", good, [:], ServiceBench.basic) + [
      Refused(name, "no index", ["documents": []]),
      Refused(name, "an index in capitals", changed(good, "index", "I")),
      Refused(name, "an index that leads out", changed(good, "index", "../i")),
      refused("a document that is no map", .data, "index-document", changed(good, "documents", [1])),
      refused("a document without its id", .data, "index-document", changed(good, "id", "surely")),
      refused("neither documents nor file", .data, "not-an-artifact", ["index": "i"]),
      Refused(name, "a file that is no artifact", ["index": "i", "file": "x"]),
    ]
  }()

  private static let kv: [Refused] = {
    let name = "cloudflare.kv"
    let place: JSONObject = ["account_id": .string(id), "namespace_id": .string(id)]
    func refused(
      _ why: String, _ errorClass: ErrorClass, _ code: String, _ with: JSON, _ more: JSONObject = place
    ) -> Refused {
      Refused(
        name, why, with, errorClass, code, connection: ServiceBench.connection("cloudflare", local, more),
        credential: ServiceBench.bearer)
    }
    return common(name, "cloudflare", ["key": "k"], place, ServiceBench.bearer) + [
      refused("no key", .configuration, "invalid-with", [:]),
      refused("a key of dots", .data, "kv-key", ["key": ".."]),
      refused(
        "a key that is too long", .data, "kv-key", ["key": .string(String(repeating: "k", count: 513))]),
      refused(
        "an account that is none", .configuration, "invalid-connection", ["key": "k"], ["account_id": "ana"]),
      refused("no account", .configuration, "invalid-connection", ["key": "k"], [:]),
      refused(
        "a file that is not there", .configuration, "file-not-found", ["key": "k", "fallback_file": "x"]),
      Refused(name, "an unknown operation", ["operation": "drop", "key": "k"]),
    ]
  }()

  private static let athena: [Refused] = {
    let name = "athena.query"
    let good: JSON = ["query": "SELECT 1"]
    return common(name, "athena", good, ["region": "us-east-1"], ServiceTests.aws, address: "endpoint") + [
      Refused(name, "no query", [:]), Refused(name, "an unknown format", changed(good, "format", "xlsx")),
      Refused(
        name, "no region", good, .configuration, "invalid-connection",
        connection: ServiceBench.connection("athena", local, ["url": .null]), credential: ServiceTests.aws),
      Refused(
        name, "a region that is none", good, .configuration, "invalid-connection",
        connection: ServiceBench.connection("athena", local, ["url": .null, "region": "São Paulo"]),
        credential: ServiceTests.aws),
      Refused(
        name, "no credential", good, .credential, "unusable-credential",
        connection: ServiceBench.connection("athena", local, ["url": .null, "region": "us-east-1"])),
    ]
  }()
}
