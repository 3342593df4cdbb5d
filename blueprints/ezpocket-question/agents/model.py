"""Plays the language model: the same question gives the same answer, so that a test can compare.

Stands in for `llm.chat`. Reads `{agent, …}` from ESTEIRA_DATA and writes what that agent's schema asks for.
"""
import json
import os

TOPICS = ("venda", "receita", "pedido", "cliente", "faturamento", "estado")


def intent_validator(data):
    valid = any(topic in data["prompt"].lower() for topic in TOPICS)
    return {
        "intent_valid": valid,
        "intent_category": "analysis" if valid else "other",
        "intent_reason": "A pergunta é sobre os dados." if valid else "Só respondo sobre os dados de pedidos.",
    }


def plan_builder(data):
    return {"plan": "Somar a receita por estado.", "plan_steps": ["agrupar por estado", "somar a receita"]}


def plan_refiner(data):
    return {
        "refined_plan": f"{data['plan']} Depois: {data['suggestion']}.",
        "refinement_summary": f"Incluída a sugestão: {data['suggestion']}",
    }


def analysis_orchestrator(data):
    # The table's name is wrong on purpose: models do that, and agents 7 and 8 are there to find and mend it.
    return {
        "query_sql": "SELECT state, SUM(revenue) AS revenue FROM orders GROUP BY state ORDER BY state",
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
    return {
        "response_text": f"**Receita por estado**: {data['analysis']} Total: {total:.2f}.",
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
