"""Plays the language model: the same question gives the same answer, so that a test can compare.

Stands in for `llm.chat`. Reads `{agent, …}` from ESTEIRA_DATA and writes what that agent's schema asks for.
"""
import json
import os
import re

TOPICS = ("venda", "receita", "pedido", "cliente", "faturamento", "estado")
STATES = re.compile(r"\b(MG|RJ|SP)\b")


def has_topic(text):
    return any(topic in text.lower() for topic in TOPICS)


def intent_validator(data):
    # "E só SP?" is about the data only where what the user said before it was.
    before = [line for line in data["context"]["conversation_context"].splitlines() if line.startswith("user: ")]
    valid = has_topic(data["prompt"]) or any(has_topic(line) for line in before)
    return {
        "intent_valid": valid,
        "intent_category": "analysis" if valid else "other",
        "intent_reason": "A pergunta é sobre os dados." if valid else "Só respondo sobre os dados de pedidos.",
    }


def plan_builder(data):
    states = STATES.findall(data["prompt"])
    only = f", só {' e '.join(states)}" if states else ""
    return {"plan": f"Somar a receita por estado{only}.", "plan_steps": ["agrupar por estado", "somar a receita"]}


def plan_refiner(data):
    return {
        "refined_plan": f"{data['plan']} Depois: {data['suggestion']}.",
        "refinement_summary": f"Incluída a sugestão: {data['suggestion']}",
    }


def analysis_orchestrator(data):
    # The table's name is wrong on purpose: models do that, and agents 7 and 8 are there to find and mend it.
    states = ", ".join(f"'{state}'" for state in STATES.findall(data["plan"]))
    only = f"WHERE state IN ({states}) " if states else ""
    return {
        "query_sql": f"SELECT state, SUM(revenue) AS revenue FROM orders {only}GROUP BY state ORDER BY state",
        "query_explanation": data["plan"],
        "columns_used": ["state", "revenue"],
    }


def auto_correction(data):
    return {
        "query_corrected": data["sql"].replace(" orders ", " order_report "),
        "corrections_applied": [str(error) for error in data["errors"]],
    }


def response_composer(data):
    total = data["statistics"]["total"]
    before = re.findall(r"Total: (\d+\.\d\d)", data["context"]["conversation_context"])
    compared = f" Antes: {before[-1]}." if before else ""
    return {
        "response_text": f"**Receita por estado**: {data['analysis']} Total: {total:.2f}.{compared}",
        "key_numbers": {"total": total},
    }


AGENTS = {
    agent.__name__: agent
    for agent in (
        intent_validator, plan_builder, plan_refiner, analysis_orchestrator, auto_correction, response_composer,
    )
}

with open(os.environ["ESTEIRA_DATA"], encoding="utf-8") as file:
    asked = json.load(file)
with open(os.environ["ESTEIRA_OUTPUT"], "w", encoding="utf-8") as file:
    json.dump(AGENTS[asked["agent"]](asked), file, ensure_ascii=False)
