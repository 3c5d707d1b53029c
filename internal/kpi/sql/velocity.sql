-- Open deals at the end of the month × win rate × mean value of a won deal ÷ mean days to win, all of the month's closings.
WITH {{template "people"}},
month AS ({{months 0}}),
opened AS (
  SELECT o.opened_month AS month, m.team AS team, COUNT(*) AS opened
  FROM crm_opportunity o LEFT JOIN member m ON m.id = o.owner
  WHERE o.source = {{source}} AND o.opened_month <= {{last}} AND o.deleted_at IS NULL AND o.merged_into IS NULL
    AND (o.category = 'open' OR o.closed_month IS NOT NULL)
  GROUP BY o.opened_month, m.team
),
deal AS (
  SELECT o.closed_month AS month, o.owner AS owner, o.category AS category, o.opened_month AS opened_month, o.closed_day - o.opened_day AS days,
    {{template "home"}} AS home
  FROM crm_opportunity o
  WHERE o.source = {{source}} AND o.closed_month <= {{last}} AND o.category <> 'open' AND o.deleted_at IS NULL AND o.merged_into IS NULL
),
closed AS (
  SELECT d.month AS month, m.team AS team,
    SUM(CASE WHEN opened_month IS NOT NULL THEN 1 ELSE 0 END) AS closed,
    SUM(CASE WHEN category = 'won' THEN 1 ELSE 0 END) AS won,
    SUM(CASE WHEN category IN ('won', 'lost') THEN 1 ELSE 0 END) AS decided,
    SUM(CASE WHEN category = 'won' AND home IS NOT NULL THEN 1 ELSE 0 END) AS priced,
    SUM(CASE WHEN category = 'won' THEN COALESCE(home, 0) ELSE 0 END) AS value,
    SUM(CASE WHEN category = 'won' AND days >= 0 THEN 1 ELSE 0 END) AS timed,
    SUM(CASE WHEN category = 'won' AND days >= 0 THEN days ELSE 0 END) AS days
  FROM deal d LEFT JOIN member m ON m.id = d.owner
  GROUP BY d.month, m.team
),
flow AS (
  SELECT month, team, opened, 0 AS won, 0 AS decided, 0 AS priced, 0 AS value, 0 AS timed, 0 AS days FROM opened
  UNION ALL SELECT month, team, -closed, won, decided, priced, value, timed, days FROM closed
),
whole AS (
  SELECT month, team, opened, won, decided, priced, value, timed, days FROM flow WHERE team IS NOT NULL
  UNION ALL SELECT month, '', opened, won, decided, priced, value, timed, days FROM flow
),
per AS (
  SELECT month.month AS month, e.team AS team, SUM(e.opened) AS stock,
    SUM(CASE WHEN e.month = month.month THEN e.won ELSE 0 END) AS won,
    SUM(CASE WHEN e.month = month.month THEN e.decided ELSE 0 END) AS decided,
    SUM(CASE WHEN e.month = month.month THEN e.priced ELSE 0 END) AS priced,
    SUM(CASE WHEN e.month = month.month THEN e.value ELSE 0 END) AS value,
    SUM(CASE WHEN e.month = month.month THEN e.timed ELSE 0 END) AS timed,
    SUM(CASE WHEN e.month = month.month THEN e.days ELSE 0 END) AS days
  FROM month JOIN whole e ON e.month <= month.month
  GROUP BY month.month, e.team
)
SELECT month, team, 1.0 * stock * won * value * timed AS numerator, 1.0 * decided * priced * days AS denominator, decided AS n FROM per
