-- What was won in a month ÷ what the forecast said on its first day: amount × probability of the deals then expected to
-- close in it, each value as it was known then: changes of earlier months are known, those of the month itself are not.
-- crm_opportunity_due holds these deals with these values; it is made of crm_opportunity and its changes where an import ends.
WITH {{template "people"}},
part AS (
  SELECT month, owner, 0 AS won, SUM(amount * probability) AS forecast, COUNT(*) AS n
  FROM crm_opportunity_due WHERE source = {{source}} AND month BETWEEN {{first}} AND {{last}} GROUP BY month, owner
  UNION ALL
  SELECT month, owner, won_value, 0.0, 0
  FROM crm_opportunity_closed WHERE source = {{source}} AND month BETWEEN {{first}} AND {{last}} AND won_priced > 0
),
counted AS (
  SELECT f.month AS month, m.team AS team, SUM(f.won) AS won, SUM(f.forecast) AS forecast, SUM(f.n) AS n
  FROM part f LEFT JOIN member m ON m.id = f.owner GROUP BY f.month, m.team
)
SELECT month, team, won AS numerator, forecast AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', SUM(won), SUM(forecast), SUM(n) FROM counted GROUP BY month
