-- Open deals at the end of the month × win rate × mean value of a won deal ÷ mean days to win, all of the month's closings.
-- crm_opportunity_opened and crm_opportunity_closed count crm_opportunity by month and owner, without deleted and merged ones.
WITH {{template "people"}},
month AS ({{months 0}}),
opened AS (
  SELECT o.month AS month, m.team AS team, SUM(o.followed) AS opened
  FROM crm_opportunity_opened o LEFT JOIN member m ON m.id = o.owner
  WHERE o.source = {{source}} AND o.month <= {{last}} AND o.followed > 0
  GROUP BY o.month, m.team
),
closed AS (
  SELECT o.month AS month, m.team AS team, SUM(o.opened) AS closed, SUM(o.won) AS won, SUM(o.won + o.lost) AS decided, SUM(o.won_priced) AS priced,
    SUM(o.won_value) AS value, SUM(o.timed) AS timed, SUM(o.days) AS days
  FROM crm_opportunity_closed o LEFT JOIN member m ON m.id = o.owner
  WHERE o.source = {{source}} AND o.month <= {{last}}
  GROUP BY o.month, m.team
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
