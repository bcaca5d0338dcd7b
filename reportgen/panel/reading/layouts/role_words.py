"""Words of column names in English, German, French, Spanish, Portuguese and Hindi, by the role they speak of."""

from __future__ import annotations

WORDS = {
    "market": (
        "market markets country countries region regions area land gebiet markt geo geography state district "
        "zone pais país pays estado bundesland mercado marche marché région regiao região sheet बाजार बाज़ार "
        "क्षेत्र राज्य"
    ),
    "pharmacy": (
        "pharmacy pharmacies store stores outlet outlets customer account doctor hcp physician apotheke "
        "farmacia farmácia pharmacie shop location site client kunde cliente chemist retailer apo फार्मेसी "
        "दुकान"
    ),
    "sales": (
        "sales sale revenue turnover umsatz ventas vendas ventes erlös erloes absatz rx trx nrx sell बिक्री "
        "ca chiffre faturamento facturacion ingresos"
    ),
    "promotion": (
        "promotion promotions promo visits visit calls call details detailing samples sample besuche besuch "
        "visitas visita visites visite spend email emails contacts contact grp grps ads advertising "
        "impressions campaign promotionen werbung promoção promocion promoción tv radio media प्रचार विज़िट"
    ),
    "month": (
        "month date period week time timestamp day quarter monat woche datum mes mois mês fecha data semaine "
        "semana quartal trimestre periode महीना माह तारीख"
    ),
}
OTHER_WORDS = frozenset(
    {"budget", "competitor", "competitors", "forecast", "last", "plan", "population", "previous", "price", "prior"}
    | {"rank", "share", "target", "targets"}
)
"""Words that make a name something else: competitors' sales, a target, last year."""
BRAND_WORDS = frozenset(
    {"brand", "brands", "marca", "marke", "marque", "molecule", "product", "producto", "products", "produkt"}
    | {"produto", "sku"}
)
"""Columns that part a market into products."""
