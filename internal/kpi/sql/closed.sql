-- Amounts in the home currency. A deal in another one without a converted amount is left out of every amount.
WITH {{template "people"}},
deal AS (
  SELECT o.closed_month AS month, o.owner AS owner, o.category AS category, o.lost_reason AS reason,
    {{template "home"}} AS home
  FROM crm_opportunity o
  WHERE o.source = {{source}} AND o.closed_month BETWEEN {{first}} AND {{last}} AND o.category IN ('won', 'lost', 'void')
    AND o.deleted_at IS NULL AND o.merged_into IS NULL
),
counted AS (
  SELECT d.month AS month, m.team AS team, COUNT(*) AS closed,
    SUM(CASE WHEN category = 'won' THEN 1 ELSE 0 END) AS won,
    SUM(CASE WHEN category = 'lost' THEN 1 ELSE 0 END) AS lost,
    SUM(CASE WHEN category = 'void' THEN 1 ELSE 0 END) AS void,
    SUM(CASE WHEN category = 'lost' AND reason <> '' THEN 1 ELSE 0 END) AS with_reason,
    SUM(CASE WHEN category <> 'void' AND home IS NOT NULL THEN 1 ELSE 0 END) AS priced,
    SUM(CASE WHEN category = 'won' AND home IS NOT NULL THEN 1 ELSE 0 END) AS won_priced,
    SUM(CASE WHEN category = 'won' THEN COALESCE(home, 0) ELSE 0 END) AS won_value,
    SUM(CASE WHEN category = 'lost' THEN COALESCE(home, 0) ELSE 0 END) AS lost_value
  FROM deal d LEFT JOIN member m ON m.id = d.owner
  GROUP BY d.month, m.team
),
per AS (
  SELECT month, team, closed, won, lost, void, with_reason, priced, won_priced, won_value, lost_value FROM counted WHERE team IS NOT NULL
  UNION ALL
  SELECT month, '', SUM(closed), SUM(won), SUM(lost), SUM(void), SUM(with_reason), SUM(priced), SUM(won_priced), SUM(won_value), SUM(lost_value)
  FROM counted GROUP BY month
)
SELECT month, team, won AS numerator, 1 AS denominator, won AS n, 'won' AS figure FROM per
UNION ALL SELECT month, team, won, won + lost, won + lost, 'win_rate' FROM per
UNION ALL SELECT month, team, won_value, won_value + lost_value, priced, 'win_rate_value' FROM per
UNION ALL SELECT month, team, won_value, 1, won_priced, 'won_value' FROM per
UNION ALL SELECT month, team, won_value, won_priced, won_priced, 'deal_value' FROM per
UNION ALL SELECT month, team, void, closed, closed, 'cancelled' FROM per
UNION ALL SELECT month, team, priced, won + lost, won + lost, 'amount_comparable' FROM per
UNION ALL SELECT month, team, with_reason, lost, lost, 'complete_lost_reason' FROM per
